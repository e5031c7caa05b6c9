"""VibeVoice 1.5B at full size: a Qwen2 1.5B, a diffusion head and the codec of its author."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tiny_vibevoice
from bench.gpu_subject import Loop, Scale, Subject, save

from wyoming_openspeakers.engines.base import EngineRequest
from wyoming_openspeakers.engines.torch.folder import ModelFolder
from wyoming_openspeakers.engines.vibevoice.prompt import PromptWriter, Turn

TEXT = "The living room is at twenty one degrees, and the window has been open for more than three hours now. " * 3
HOP = 3_200
REFERENCE = 40
"""Frames of the voice that the library is given."""


def _make(folder: Path, scale: Scale) -> None:
    from transformers import VibeVoiceConfig, VibeVoiceForConditionalGeneration

    tiny_vibevoice.vibevoice(folder)
    if not scale.is_full:
        return
    small = VibeVoiceConfig.from_pretrained(folder)
    # The tokens are those of the tiny model's tokenizer, everything else is as published.
    names = ("audio_token_id", "pad_token_id", "eos_token_id", "audio_bos_token_id", "audio_eos_token_id")
    words = {
        "model_type": "qwen2",
        "vocab_size": 151_936,
        "hidden_size": 1536,
        "intermediate_size": 8960,
        "num_hidden_layers": 28,
        "num_attention_heads": 12,
        "num_key_value_heads": 2,
        "max_position_embeddings": 65_536,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1_000_000.0},
        "rms_norm_eps": 1e-6,
        "tie_word_embeddings": True,
    }
    config = VibeVoiceConfig(text_config=words, **{name: getattr(small, name) for name in names})
    save(VibeVoiceForConditionalGeneration, config, folder, scale, _endless)


def _endless(model: Any) -> None:
    # Of the few tokens that can be said all are as likely, and the first is the one for a frame.
    model.lm_head.weight[:4] = 0
    model.model.latent_scaling_factor.fill_(0.25)
    model.model.latent_bias_factor.fill_(-0.05)
    settings = model.generation_config
    settings._from_model_config = False
    settings.do_sample = False
    settings.guidance_scale = 1.3
    settings.noise_scheduler_class = "DPMSolverMultistepScheduler"
    settings.noise_scheduler_config = {"beta_schedule": "squaredcos_cap_v2", "prediction_type": "v_prediction"}


def _frames(scale: Scale) -> int:
    return round(scale.seconds * 24_000 / HOP)


def _request(scale: Scale) -> EngineRequest:
    return EngineRequest(TEXT, "", seed=1, parameters={"max_frames": _frames(scale)})


def _library(folder: Path, scale: Scale) -> Loop:
    import torch
    from diffusers import DPMSolverMultistepScheduler
    from transformers import VibeVoiceForConditionalGeneration

    model: Any = VibeVoiceForConditionalGeneration.from_pretrained(folder, dtype=scale.dtype).to(scale.device).eval()
    writer = PromptWriter(folder / "tokenizer.json", ModelFolder(folder).config)
    before, after = writer.voices([0])
    ids = [*before, *[model.config.audio_token_id] * REFERENCE, *after, *writer.script([Turn(0, TEXT)])]
    tokens = torch.tensor([ids], device=scale.device)
    voice = torch.randn(1, 1, REFERENCE * HOP, device=scale.device, dtype=scale.dtype) * 0.1
    kind: Any = DPMSolverMultistepScheduler
    scheduler = kind(beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction")

    def run() -> float:
        with torch.no_grad():
            made = model.generate(
                input_ids=tokens,
                attention_mask=torch.ones_like(tokens),
                input_values=voice,
                padding_mask=torch.ones(voice.shape[0], voice.shape[2], dtype=torch.bool, device=scale.device),
                noise_scheduler=scheduler,
                max_new_tokens=_frames(scale),
                return_dict_in_generate=True,
            )
            sound = made.audio[0].cpu()
        return float(sound.numel() / 24_000)

    return run


VIBEVOICE = Subject(
    name="VibeVoice 1.5B",
    engine="vibevoice",
    make=_make,
    request=_request,
    library=_library,
    factor_at_most=0.25,
    reported="others report 0.5 on an H200",
)
