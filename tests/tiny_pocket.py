"""Pocket-TTS with random weights, saved by the library's own classes in the hub's layout: it says noise.

Its end of speech means nothing: how long it speaks is a parameter of the request, unless `eos` is given.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tiny_models

TOKENS = ("<pad>", "<unk>", "<voice>", "<sound>", "<voice begins>", "<sound begins>")

TEMPLATE = (
    "{%- for message in messages -%}{%- for item in message['content'] -%}"
    "{%- if item['type'] == 'audio' -%}<voice begins><voice>{%- endif -%}"
    "{%- if item['type'] == 'text' -%}{{ item['text'] | trim }}{%- endif -%}"
    "{%- endfor -%}{%- endfor -%}<sound begins>"
)

LATENT = 4
HEAD = {"hidden_size": 32, "num_hidden_layers": 2, "frequency_embedding_size": 16}
CODEC = {
    "hidden_size": 16,
    "upsample_groups": 16,
    "num_hidden_layers": 1,
    "intermediate_size": 32,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "sliding_window": 40,
}


def pocket(
    folder: Path,
    *,
    hidden: int = 32,
    layers: int = 2,
    filters: int = 4,
    voices: tuple[str, ...] = ("alba", "jean"),
    gated: bool = True,
    eos: float = -20.0,
    flow: str = "lsd",
    latent: int = LATENT,
    head: Mapping[str, int] = HEAD,
    heads: int = 2,
    wider: int = 2,
) -> Path:
    """The model, its codec in a folder below, and some voices; without `gated` the codec has no encoder."""
    import torch
    from safetensors.torch import save_file
    from transformers import PocketTTSConfig, PocketTTSForConditionalGeneration

    torch.manual_seed(11)
    tokenizer = _tokenizer(folder)
    ids = {name: tokenizer.convert_tokens_to_ids(name) for name in TOKENS}
    config = PocketTTSConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        num_hidden_layers=layers,
        initializer_range=0.15,
        latent_dim=latent,
        pad_token_id=ids["<pad>"],
        audio_prompt_token_id=ids["<voice>"],
        audio_latent_token_id=ids["<sound>"],
        audio_prompt_bos_token_id=ids["<voice begins>"],
        audio_bos_token_id=ids["<sound begins>"],
        flow_head_config={**head, "latent_dim": latent, "condition_dim": hidden, "flow_type": flow},
        num_attention_heads=heads,
        intermediate_size=wider * hidden,
    )
    model: Any = PocketTTSForConditionalGeneration(config)
    with torch.no_grad():
        for parameter in model.flow_head.parameters():
            parameter.normal_(std=1 / math.sqrt(parameter.shape[-1]))
        for times in model.flow_head.timestep_embeddings:
            times.norm.weight.fill_(1)
        model.model.bos_latent.normal_()
        model.latent_std.fill_(0.5)
        model.latent_mean.normal_()
        model.eos_head.weight.zero_()
        model.eos_head.bias.fill_(eos)
    model.generation_config.update(do_sample=True, temperature=0.7, num_flow_steps=2, eos_threshold=-4.0,
                                   min_frames_before_eos=6)  # fmt: skip
    model.save_pretrained(folder)
    _processor(folder)
    codec(folder / "audio_tokenizer", filters=filters, gated=gated, latent=latent, **(CODEC if hidden < 512 else {}))
    (folder / "voices").mkdir(exist_ok=True)
    for number, voice in enumerate(voices):
        latents = torch.randn(7 + number, latent)
        save_file({"latents": latents}, folder / "voices" / f"{voice}.safetensors")
    return folder


def full(folder: Path) -> Path:
    """As large as the real one, 100 million numbers."""
    head = {"hidden_size": 512, "num_hidden_layers": 6, "frequency_embedding_size": 256}
    return pocket(folder, hidden=1024, layers=6, filters=64, latent=32, head=head, heads=16, wider=4)


def codec(folder: Path, *, filters: int, gated: bool, latent: int, **sizes: int) -> Path:
    """The codec; its frames are as long as they are. Without `sizes` it is as large as the real one."""
    import torch
    from transformers import PocketTTSAudioTokenizerConfig, PocketTTSAudioTokenizerModel

    torch.manual_seed(12)
    half = {} if gated else {"encoder_config": None}
    config = PocketTTSAudioTokenizerConfig(
        num_filters=filters,
        latent_dim=latent,
        layer_scale_initial_scale=0.5,
        initializer_range=0.3 if sizes else 0.02,
        **sizes,
        **half,
    )
    model: Any = PocketTTSAudioTokenizerModel(config)
    with torch.no_grad():
        model.latent_proj.weight.normal_()
        # Louder, and everything would be at the end of the scale.
        model.decoder.decoder_seanet.layers[-1].conv.weight.mul_(0.3)
    model.save_pretrained(folder)
    return folder


def _tokenizer(folder: Path) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = [*TOKENS, *tiny_models.LETTERS, *tiny_models.LETTERS.upper().strip("' -"), *".,!?"]
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
    letters = Tokenizer(models.WordLevel(numbers, unk_token=TOKENS[1]))
    letters.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    letters.decoder = decoders.Fuse()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=letters,
        pad_token=TOKENS[0],
        unk_token=TOKENS[1],
        chat_template=TEMPLATE,
        extra_special_tokens={
            "audio_prompt_token": TOKENS[2],
            "audio_latent_token": TOKENS[3],
            "audio_prompt_bos_token": TOKENS[4],
            "audio_bos_token": TOKENS[5],
        },
    )
    tokenizer.save_pretrained(folder)
    return tokenizer


def _processor(folder: Path) -> None:
    from transformers import PocketTTSFeatureExtractor

    settings = {
        "processor_class": "PocketTTSProcessor",
        "audio_tokenizer": {
            "audio_tokenizer_class": "PocketTTSAudioTokenizerModel",
            "audio_tokenizer_name_or_path": "someone/pocket-tts-audio-tokenizer",
        },
        "feature_extractor": PocketTTSFeatureExtractor().to_dict(),
        "short_text_max_words": 4,
        "frames_after_eos_short_text": 4,
        "frames_after_eos": 2,
        "fade_in_duration": 0.005,
    }
    (folder / "processor_config.json").write_text(json.dumps(settings), "utf-8")
