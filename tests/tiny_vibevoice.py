"""A tiny VibeVoice with random weights in the hub's own layout: it says noise, as the real one would, in 24 kHz."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tiny_models

SPECIAL = ("<|vision_pad|>", "<|endoftext|>", "<|vision_start|>", "<|vision_end|>")
"""The token for a frame has the least number of all that can be said."""

LOUDNESS = {"sampling_rate": 24_000, "normalize_audio": True, "target_dB_FS": -25, "eps": 1e-6}


def vibevoice(folder: Path, *, ends: bool = False, hidden: int = 64, layers: int = 2, tied: bool = False) -> Path:
    """A VibeVoice that goes on as long as it may, or says any of its tokens by chance and so `ends`."""
    import torch
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers
    from transformers import VibeVoiceConfig, VibeVoiceForConditionalGeneration

    torch.manual_seed(11)
    folder.mkdir(parents=True, exist_ok=True)
    words = [*SPECIAL, "?", *tiny_models.LETTERS, *dict.fromkeys("\n:.,GHPSTVW0123456789")]
    codec: dict[str, Any] = {"num_filters": 4, "depths": [1] * 7, "initializer_range": 0.1}
    config = VibeVoiceConfig(
        text_config={
            "model_type": "qwen2",
            "vocab_size": len(words),
            "hidden_size": hidden,
            "intermediate_size": 2 * hidden,
            "num_hidden_layers": layers,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 65_536,
            "initializer_range": 0.15,
            "tie_word_embeddings": tied,
        },
        audio_config={"model_type": "vibevoice_acoustic_tokenizer", **codec},
        semantic_model_config={"model_type": "vibevoice_acoustic_tokenizer_encoder", "hidden_size": 128, **codec},
        diffusion_head_config={"hidden_size": hidden, "num_hidden_layers": 2, "intermediate_size": 2 * hidden},
        audio_token_id=0,
        pad_token_id=1,
        eos_token_id=1,
        audio_bos_token_id=2,
        audio_eos_token_id=3,
    )
    model: Any = VibeVoiceForConditionalGeneration(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("gamma"):
                # As they begin in training, nothing that is in a block could be heard.
                weight.normal_(0.3, 0.1)
            elif "diffusion_head" in name and weight.dim() == 2:
                weight.normal_(0, weight.shape[1] ** -0.5)
        model.model.latent_scaling_factor.fill_(0.25)
        model.model.latent_bias_factor.fill_(-0.05)
        model.model.audio_tower.decoder.head.conv.weight.mul_(0.02)
        model.lm_head.weight[:4] = torch.randn(4, hidden) if ends else 0
    settings = model.generation_config
    settings._from_model_config = False
    settings.do_sample = False
    settings.guidance_scale = 1.3
    settings.noise_scheduler_class = "DPMSolverMultistepScheduler"
    settings.noise_scheduler_config = {"beta_schedule": "squaredcos_cap_v2", "prediction_type": "v_prediction"}
    model.save_pretrained(folder)
    letters = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token=words[4]))
    letters.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    letters.add_special_tokens([AddedToken(word, special=True) for word in SPECIAL])
    letters.save(str(folder / "tokenizer.json"))
    (folder / "preprocessor_config.json").write_text(json.dumps(LOUDNESS), "utf-8")
    return folder
