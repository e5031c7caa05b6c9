"""A tiny VibeVoice Realtime with random weights, in the layout that its author publishes: names, settings and voices.

Its end of speech means nothing and does not come: how long it speaks is a parameter of the request.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tiny_models


@dataclass(frozen=True)
class Size:
    """How large a model is; as published in all that is not said."""

    hidden: int
    wide: int
    heads: int
    groups: int
    layers: int
    speaking: int
    latent: int
    head_layers: int
    head_wide: int
    filters: int
    depths: tuple[int, ...]
    """Blocks of the codec, from its frames to its samples."""


TINY = Size(hidden=32, wide=48, heads=4, groups=2, layers=3, speaking=2, latent=8, head_layers=2, head_wide=48,
            filters=2, depths=(2, 1, 1, 1, 1, 1, 1))  # fmt: skip
FULL = Size(hidden=896, wide=4864, heads=14, groups=2, layers=24, speaking=20, latent=64, head_layers=4,
            head_wide=2688, filters=32, depths=(8, 3, 3, 3, 3, 3, 3))  # fmt: skip

RATIOS = (8, 5, 5, 4, 2, 2)

SCALE, BIAS = 0.75, -0.25

VOICES = ("en-Carter_man", "en-Emma_woman", "jp-Spk1_woman")

MARKS = ".,:!?\n"

PREPROCESSOR = {
    "processor_class": "VibeVoiceStreamingProcessor", "language_model_pretrained_name": "Qwen/Qwen2.5-0.5B",
}  # fmt: skip
"""It names where the words come from, which are not with the model."""


def realtime(
    folder: Path, *, voices: Sequence[str] = VOICES, ends: float = -10.0, dtype: str = "bfloat16", size: Size = TINY
) -> Path:
    """A model with some voices; `ends` is how sure it is of the end, which is sure above zero."""
    import torch
    from safetensors.torch import save_file

    (folder / "voices").mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config(size)), "utf-8")
    numbers = {name: part.to(getattr(torch, dtype)) for name, part in tensors(ends, size).items()}
    save_file(numbers, folder / "model.safetensors", {"format": "pt"})
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR), "utf-8")
    _tokenizer(folder / "tokenizer.json")
    for number, name in enumerate(voices):
        voice(folder / "voices" / f"{name}.pt", seed=number, text=5 + number, speech=20 + number, size=size)
    return folder


def config(size: Size = TINY) -> dict[str, Any]:
    """config.json, with the keys of the published one."""
    ratios, depths = list(RATIOS), "-".join(map(str, reversed(size.depths)))
    return {
        "model_type": "vibevoice_streaming",
        "architectures": ["VibeVoiceStreamingForConditionalGenerationInference"],
        "torch_dtype": "bfloat16",
        "transformers_version": "4.51.3",
        "acoustic_vae_dim": size.latent,
        "tts_backbone_num_hidden_layers": size.speaking,
        "acoustic_tokenizer_config": {
            "model_type": "vibevoice_acoustic_tokenizer", "causal": True, "channels": 1, "conv_bias": True,
            "conv_norm": "none", "corpus_normalize": 0.0, "decoder_depths": None, "decoder_n_filters": size.filters,
            "decoder_ratios": ratios, "disable_last_norm": True, "encoder_depths": depths,
            "encoder_n_filters": size.filters, "encoder_ratios": ratios, "fix_std": 0.5, "layer_scale_init_value": 1e-6,
            "layernorm": "RMSNorm", "layernorm_elementwise_affine": True, "layernorm_eps": 1e-5,
            "mixer_layer": "depthwise_conv", "pad_mode": "constant", "std_dist_type": "gaussian",
            "vae_dim": size.latent, "weight_init_value": 0.01,
        },
        "decoder_config": {
            "model_type": "qwen2", "attention_dropout": 0.0, "hidden_act": "silu", "hidden_size": size.hidden,
            "initializer_range": 0.02, "intermediate_size": size.wide, "max_position_embeddings": 8192,
            "max_window_layers": size.layers, "num_attention_heads": size.heads, "num_hidden_layers": size.layers,
            "num_key_value_heads": size.groups, "rms_norm_eps": 1e-6, "rope_scaling": None, "rope_theta": 1000000.0,
            "sliding_window": None, "tie_word_embeddings": False, "use_cache": True, "use_sliding_window": False,
            "vocab_size": len(_letters()),
        },
        "diffusion_head_config": {
            "model_type": "vibevoice_diffusion_head", "ddpm_batch_mul": 4, "ddpm_beta_schedule": "cosine",
            "ddpm_num_inference_steps": 20, "ddpm_num_steps": 1000, "diffusion_type": "ddpm",
            "head_ffn_ratio": size.head_wide / size.hidden, "head_layers": size.head_layers,
            "hidden_size": size.hidden, "latent_size": size.latent,
            "prediction_type": "v_prediction", "rms_norm_eps": 1e-5, "speech_vae_dim": size.latent,
        },
    }  # fmt: skip


def tensors(ends: float = -10.0, size: Size = TINY) -> dict[str, Any]:
    """All weights by their published names, among them those that nobody uses."""
    import torch

    chance = torch.Generator().manual_seed(11)
    made: dict[str, Any] = {}

    def normal(name: str, *shape: int, inputs: int = 0) -> None:
        made[name] = torch.randn(shape, generator=chance) / math.sqrt(inputs or shape[-1])

    def near_one(name: str, count: int) -> None:
        made[name] = 1 + 0.1 * torch.randn(count, generator=chance)

    def bias(name: str, count: int) -> None:
        made[name] = 0.1 * torch.randn(count, generator=chance)

    def linear(name: str, outputs: int, inputs: int, *, has_bias: bool = True) -> None:
        normal(f"{name}.weight", outputs, inputs)
        if has_bias:
            bias(f"{name}.bias", outputs)

    def stack(name: str, layers: int) -> None:
        normal(f"{name}.embed_tokens.weight", len(_letters()), size.hidden, inputs=1)
        width = size.hidden // size.heads
        for layer in (f"{name}.layers.{number}" for number in range(layers)):
            linear(f"{layer}.self_attn.q_proj", size.hidden, size.hidden)
            linear(f"{layer}.self_attn.k_proj", size.groups * width, size.hidden)
            linear(f"{layer}.self_attn.v_proj", size.groups * width, size.hidden)
            linear(f"{layer}.self_attn.o_proj", size.hidden, size.hidden, has_bias=False)
            linear(f"{layer}.mlp.gate_proj", size.wide, size.hidden, has_bias=False)
            linear(f"{layer}.mlp.up_proj", size.wide, size.hidden, has_bias=False)
            linear(f"{layer}.mlp.down_proj", size.hidden, size.wide, has_bias=False)
            near_one(f"{layer}.input_layernorm.weight", size.hidden)
            near_one(f"{layer}.post_attention_layernorm.weight", size.hidden)

    def blocks(name: str, channels: int, count: int) -> None:
        for block in (f"{name}.{number}" for number in range(count)):
            for part in ("norm.weight", "ffn_norm.weight", "gamma", "ffn_gamma"):
                near_one(f"{block}.{part}", channels)
            normal(f"{block}.mixer.conv.conv.conv.weight", channels, 1, 7)
            bias(f"{block}.mixer.conv.conv.conv.bias", channels)
            linear(f"{block}.ffn.linear1", 4 * channels, channels)
            linear(f"{block}.ffn.linear2", channels, 4 * channels)

    stack("model.language_model", size.layers - size.speaking)
    stack("model.tts_language_model", size.speaking)
    near_one("model.tts_language_model.norm.weight", size.hidden)
    normal("model.tts_input_types.weight", 2, size.hidden, inputs=1)
    linear("model.acoustic_connector.fc1", size.hidden, size.latent)
    near_one("model.acoustic_connector.norm.weight", size.hidden)
    linear("model.acoustic_connector.fc2", size.hidden, size.hidden)
    made["model.speech_scaling_factor"] = torch.tensor(SCALE)
    made["model.speech_bias_factor"] = torch.tensor(BIAS)
    head = "model.prediction_head"
    linear(f"{head}.noisy_images_proj", size.hidden, size.latent, has_bias=False)
    linear(f"{head}.cond_proj", size.hidden, size.hidden, has_bias=False)
    linear(f"{head}.t_embedder.mlp.0", size.hidden, 256, has_bias=False)
    linear(f"{head}.t_embedder.mlp.2", size.hidden, size.hidden, has_bias=False)
    for layer in (f"{head}.layers.{number}" for number in range(size.head_layers)):
        linear(f"{layer}.ffn.gate_proj", size.head_wide, size.hidden, has_bias=False)
        linear(f"{layer}.ffn.up_proj", size.head_wide, size.hidden, has_bias=False)
        linear(f"{layer}.ffn.down_proj", size.hidden, size.head_wide, has_bias=False)
        near_one(f"{layer}.norm.weight", size.hidden)
        linear(f"{layer}.adaLN_modulation.1", 3 * size.hidden, size.hidden, has_bias=False)
    linear(f"{head}.final_layer.linear", size.latent, size.hidden, has_bias=False)
    linear(f"{head}.final_layer.adaLN_modulation.1", 2 * size.hidden, size.hidden, has_bias=False)
    decoder = "model.acoustic_tokenizer.decoder"
    channels = size.filters * 2 ** len(RATIOS)
    normal(f"{decoder}.upsample_layers.0.0.conv.conv.weight", channels, size.latent, 7, inputs=7 * size.latent)
    bias(f"{decoder}.upsample_layers.0.0.conv.conv.bias", channels)
    blocks(f"{decoder}.stages.0", channels, size.depths[0])
    for number, ratio in enumerate(RATIOS, 1):
        up = f"{decoder}.upsample_layers.{number}.0.convtr.convtr"
        normal(f"{up}.weight", channels, channels // 2, 2 * ratio, inputs=2 * channels)
        channels //= 2
        bias(f"{up}.bias", channels)
        blocks(f"{decoder}.stages.{number}", channels, size.depths[number])
    # Quieter, or all of it would be at the end of the scale.
    normal(f"{decoder}.head.conv.conv.weight", 1, channels, 7, inputs=5000)
    bias(f"{decoder}.head.conv.conv.bias", 1)
    normal("model.acoustic_tokenizer.encoder.head.conv.conv.weight", size.latent, size.filters * 2 ** len(RATIOS), 7)
    linear("tts_eos_classifier.fc1", size.hidden, size.hidden)
    linear("tts_eos_classifier.fc2", 1, size.hidden)
    made["tts_eos_classifier.fc2.weight"] *= 0.01
    made["tts_eos_classifier.fc2.bias"] = torch.tensor([ends])
    return made


def voice(file: Path, *, seed: int = 0, text: int = 5, speech: int = 20, size: Size = TINY) -> Path:
    """A voice as the author pickles it: what all layers keep of so many tokens, by a library of that time."""
    import torch
    from transformers.cache_utils import DynamicCache
    from transformers.modeling_outputs import BaseModelOutputWithPast

    chance = torch.Generator().manual_seed(100 + seed)

    def state(layers: int, tokens: int) -> Any:
        width = size.hidden // size.heads
        # As a layer keeps them: token by token, and seen by head.
        shape = (1, tokens, size.groups, width)
        kept = [torch.randn(shape, generator=chance).bfloat16().transpose(1, 2) for _ in range(2 * layers)]
        cache: Any = DynamicCache.__new__(DynamicCache)
        cache.__dict__.update(_seen_tokens=tokens, key_cache=kept[::2], value_cache=kept[1::2])
        last = torch.randn(1, tokens, size.hidden, generator=chance).bfloat16()
        return BaseModelOutputWithPast(last_hidden_state=last, past_key_values=cache)

    states = {
        "lm": state(size.layers - size.speaking, text),
        "tts_lm": state(size.speaking, speech),
        "neg_lm": state(size.layers - size.speaking, 1),
        "neg_tts_lm": state(size.speaking, 1),
    }
    torch.save(states, file)
    return file


def _letters() -> list[str]:
    return ["?unknown", *tiny_models.LETTERS, *tiny_models.LETTERS[:26].upper(), *MARKS]


def _tokenizer(file: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {letter: number for number, letter in enumerate(_letters())}
    letters = Tokenizer(models.WordLevel(words, unk_token=_letters()[0]))
    letters.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    letters.save(str(file))
