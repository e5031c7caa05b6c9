"""A tiny VibeVoice Realtime with random weights, in the layout that its author publishes: names, settings and voices.

Its end of speech means nothing and does not come: how long it speaks is a parameter of the request.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tiny_models

HIDDEN = 32
LATENT = 8
HEADS, GROUPS = 4, 2
LAYERS, SPEAKING = 3, 2
RATIOS = (8, 5, 5, 4, 2, 2)
FILTERS = 2
HEAD_LAYERS = 2
WIDE = 48

SCALE, BIAS = 0.75, -0.25

VOICES = ("en-Carter_man", "en-Emma_woman", "jp-Spk1_woman")

MARKS = ".,:!?\n"

PREPROCESSOR = {
    "processor_class": "VibeVoiceStreamingProcessor", "language_model_pretrained_name": "Qwen/Qwen2.5-0.5B",
}  # fmt: skip
"""It names where the words come from, which are not with the model."""


def realtime(folder: Path, *, voices: Sequence[str] = VOICES, ends: float = -10.0, dtype: str = "bfloat16") -> Path:
    """A model with some voices; `ends` is how sure it is of the end, which is sure above zero."""
    import torch
    from safetensors.torch import save_file

    (folder / "voices").mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config()), "utf-8")
    numbers = {name: part.to(getattr(torch, dtype)) for name, part in tensors(ends).items()}
    save_file(numbers, folder / "model.safetensors", {"format": "pt"})
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR), "utf-8")
    _tokenizer(folder / "tokenizer.json")
    for number, name in enumerate(voices):
        voice(folder / "voices" / f"{name}.pt", seed=number, text=5 + number, speech=20 + number)
    return folder


def config() -> dict[str, Any]:
    """config.json, with the keys of the published one."""
    ratios = list(RATIOS)
    return {
        "model_type": "vibevoice_streaming",
        "architectures": ["VibeVoiceStreamingForConditionalGenerationInference"],
        "torch_dtype": "bfloat16",
        "transformers_version": "4.51.3",
        "acoustic_vae_dim": LATENT,
        "tts_backbone_num_hidden_layers": SPEAKING,
        "acoustic_tokenizer_config": {
            "model_type": "vibevoice_acoustic_tokenizer", "causal": True, "channels": 1, "conv_bias": True,
            "conv_norm": "none", "corpus_normalize": 0.0, "decoder_depths": None, "decoder_n_filters": FILTERS,
            "decoder_ratios": ratios, "disable_last_norm": True, "encoder_depths": "1-1-1-1-1-1-2",
            "encoder_n_filters": FILTERS, "encoder_ratios": ratios, "fix_std": 0.5, "layer_scale_init_value": 1e-6,
            "layernorm": "RMSNorm", "layernorm_elementwise_affine": True, "layernorm_eps": 1e-5,
            "mixer_layer": "depthwise_conv", "pad_mode": "constant", "std_dist_type": "gaussian", "vae_dim": LATENT,
            "weight_init_value": 0.01,
        },
        "decoder_config": {
            "model_type": "qwen2", "attention_dropout": 0.0, "hidden_act": "silu", "hidden_size": HIDDEN,
            "initializer_range": 0.02, "intermediate_size": WIDE, "max_position_embeddings": 8192,
            "max_window_layers": LAYERS, "num_attention_heads": HEADS, "num_hidden_layers": LAYERS,
            "num_key_value_heads": GROUPS, "rms_norm_eps": 1e-6, "rope_scaling": None, "rope_theta": 1000000.0,
            "sliding_window": None, "tie_word_embeddings": False, "use_cache": True, "use_sliding_window": False,
            "vocab_size": len(_letters()),
        },
        "diffusion_head_config": {
            "model_type": "vibevoice_diffusion_head", "ddpm_batch_mul": 4, "ddpm_beta_schedule": "cosine",
            "ddpm_num_inference_steps": 20, "ddpm_num_steps": 1000, "diffusion_type": "ddpm",
            "head_ffn_ratio": WIDE / HIDDEN, "head_layers": HEAD_LAYERS, "hidden_size": HIDDEN, "latent_size": LATENT,
            "prediction_type": "v_prediction", "rms_norm_eps": 1e-5, "speech_vae_dim": LATENT,
        },
    }  # fmt: skip


def tensors(ends: float = -10.0) -> dict[str, Any]:
    """All weights by their published names, among them those that nobody uses."""
    import torch

    chance = torch.Generator().manual_seed(11)
    made: dict[str, Any] = {}

    def normal(name: str, *shape: int, inputs: int = 0) -> None:
        made[name] = torch.randn(shape, generator=chance) / math.sqrt(inputs or shape[-1])

    def near_one(name: str, size: int) -> None:
        made[name] = 1 + 0.1 * torch.randn(size, generator=chance)

    def bias(name: str, size: int) -> None:
        made[name] = 0.1 * torch.randn(size, generator=chance)

    def linear(name: str, outputs: int, inputs: int, *, has_bias: bool = True) -> None:
        normal(f"{name}.weight", outputs, inputs)
        if has_bias:
            bias(f"{name}.bias", outputs)

    def stack(name: str, layers: int) -> None:
        normal(f"{name}.embed_tokens.weight", len(_letters()), HIDDEN, inputs=1)
        size = HIDDEN // HEADS
        for layer in (f"{name}.layers.{number}" for number in range(layers)):
            linear(f"{layer}.self_attn.q_proj", HIDDEN, HIDDEN)
            linear(f"{layer}.self_attn.k_proj", GROUPS * size, HIDDEN)
            linear(f"{layer}.self_attn.v_proj", GROUPS * size, HIDDEN)
            linear(f"{layer}.self_attn.o_proj", HIDDEN, HIDDEN, has_bias=False)
            linear(f"{layer}.mlp.gate_proj", WIDE, HIDDEN, has_bias=False)
            linear(f"{layer}.mlp.up_proj", WIDE, HIDDEN, has_bias=False)
            linear(f"{layer}.mlp.down_proj", HIDDEN, WIDE, has_bias=False)
            near_one(f"{layer}.input_layernorm.weight", HIDDEN)
            near_one(f"{layer}.post_attention_layernorm.weight", HIDDEN)

    def blocks(name: str, size: int, count: int) -> None:
        for block in (f"{name}.{number}" for number in range(count)):
            for part in ("norm.weight", "ffn_norm.weight", "gamma", "ffn_gamma"):
                near_one(f"{block}.{part}", size)
            normal(f"{block}.mixer.conv.conv.conv.weight", size, 1, 7)
            bias(f"{block}.mixer.conv.conv.conv.bias", size)
            linear(f"{block}.ffn.linear1", 4 * size, size)
            linear(f"{block}.ffn.linear2", size, 4 * size)

    stack("model.language_model", LAYERS - SPEAKING)
    stack("model.tts_language_model", SPEAKING)
    near_one("model.tts_language_model.norm.weight", HIDDEN)
    normal("model.tts_input_types.weight", 2, HIDDEN, inputs=1)
    linear("model.acoustic_connector.fc1", HIDDEN, LATENT)
    near_one("model.acoustic_connector.norm.weight", HIDDEN)
    linear("model.acoustic_connector.fc2", HIDDEN, HIDDEN)
    made["model.speech_scaling_factor"] = torch.tensor(SCALE)
    made["model.speech_bias_factor"] = torch.tensor(BIAS)
    head = "model.prediction_head"
    linear(f"{head}.noisy_images_proj", HIDDEN, LATENT, has_bias=False)
    linear(f"{head}.cond_proj", HIDDEN, HIDDEN, has_bias=False)
    linear(f"{head}.t_embedder.mlp.0", HIDDEN, 256, has_bias=False)
    linear(f"{head}.t_embedder.mlp.2", HIDDEN, HIDDEN, has_bias=False)
    for layer in (f"{head}.layers.{number}" for number in range(HEAD_LAYERS)):
        linear(f"{layer}.ffn.gate_proj", WIDE, HIDDEN, has_bias=False)
        linear(f"{layer}.ffn.up_proj", WIDE, HIDDEN, has_bias=False)
        linear(f"{layer}.ffn.down_proj", HIDDEN, WIDE, has_bias=False)
        near_one(f"{layer}.norm.weight", HIDDEN)
        linear(f"{layer}.adaLN_modulation.1", 3 * HIDDEN, HIDDEN, has_bias=False)
    linear(f"{head}.final_layer.linear", LATENT, HIDDEN, has_bias=False)
    linear(f"{head}.final_layer.adaLN_modulation.1", 2 * HIDDEN, HIDDEN, has_bias=False)
    decoder = "model.acoustic_tokenizer.decoder"
    size = FILTERS * 2 ** len(RATIOS)
    normal(f"{decoder}.upsample_layers.0.0.conv.conv.weight", size, LATENT, 7, inputs=7 * LATENT)
    bias(f"{decoder}.upsample_layers.0.0.conv.conv.bias", size)
    blocks(f"{decoder}.stages.0", size, 2)
    for number, ratio in enumerate(RATIOS, 1):
        up = f"{decoder}.upsample_layers.{number}.0.convtr.convtr"
        normal(f"{up}.weight", size, size // 2, 2 * ratio, inputs=2 * size)
        size //= 2
        bias(f"{up}.bias", size)
        blocks(f"{decoder}.stages.{number}", size, 1)
    # Quieter, or all of it would be at the end of the scale.
    normal(f"{decoder}.head.conv.conv.weight", 1, size, 7, inputs=5000)
    bias(f"{decoder}.head.conv.conv.bias", 1)
    normal("model.acoustic_tokenizer.encoder.head.conv.conv.weight", LATENT, FILTERS * 2 ** len(RATIOS), 7)
    linear("tts_eos_classifier.fc1", HIDDEN, HIDDEN)
    linear("tts_eos_classifier.fc2", 1, HIDDEN)
    made["tts_eos_classifier.fc2.weight"] *= 0.01
    made["tts_eos_classifier.fc2.bias"] = torch.tensor([ends])
    return made


def voice(file: Path, *, seed: int = 0, text: int = 5, speech: int = 20) -> Path:
    """A voice as the author pickles it: what all layers keep of so many tokens, by a library of that time."""
    import torch
    from transformers.cache_utils import DynamicCache
    from transformers.modeling_outputs import BaseModelOutputWithPast

    chance = torch.Generator().manual_seed(100 + seed)

    def state(layers: int, tokens: int) -> Any:
        size = HIDDEN // HEADS
        # As a layer keeps them: token by token, and seen by head.
        kept = [
            torch.randn(1, tokens, GROUPS, size, generator=chance).bfloat16().transpose(1, 2) for _ in range(2 * layers)
        ]
        cache: Any = DynamicCache.__new__(DynamicCache)
        cache.__dict__.update(_seen_tokens=tokens, key_cache=kept[::2], value_cache=kept[1::2])
        last = torch.randn(1, tokens, HIDDEN, generator=chance).bfloat16()
        return BaseModelOutputWithPast(last_hidden_state=last, past_key_values=cache)

    states = {
        "lm": state(LAYERS - SPEAKING, text),
        "tts_lm": state(SPEAKING, speech),
        "neg_lm": state(LAYERS - SPEAKING, 1),
        "neg_tts_lm": state(SPEAKING, 1),
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
