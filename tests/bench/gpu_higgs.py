"""Higgs Audio v2 at full size: a Llama 3.2 3B with a second half for sound in each layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tiny_higgs
from bench.gpu_subject import TEXT, Loop, Scale, Subject, save

from wyoming_openspeakers.engines.base import EngineRequest
from wyoming_openspeakers.engines.codec_lm.higgs_codec import codec_class
from wyoming_openspeakers.engines.codec_lm.higgs_prompt import conversation
from wyoming_openspeakers.engines.torch.folder import ModelFolder
from wyoming_openspeakers.engines.torch.load import load_model

FRAME = 0.04
"""Seconds."""


def _make(folder: Path, scale: Scale) -> None:
    from transformers import HiggsAudioV2Config, HiggsAudioV2ForConditionalGeneration

    tiny_higgs.higgs(folder)
    if not scale.is_full:
        return
    small = HiggsAudioV2Config.from_pretrained(folder)
    # The tokens are those of the tiny model's tokenizer, everything else is as published.
    names = [name for name in vars(small) if name.endswith("_token_id")]
    config = HiggsAudioV2Config(**{name: getattr(small, name) for name in names})
    save(HiggsAudioV2ForConditionalGeneration, config, folder, scale, _endless)
    tiny_higgs.higgs_codec(folder / "audio_tokenizer", is_full=True)


def _endless(model: Any) -> None:
    size = model.config.codebook_size
    model.audio_lm_head.weight.view(model.config.num_codebooks, size, -1)[:, size - 1] = 0
    # Or else the library would take the rest of it for nobody's.
    model.generation_config._from_model_config = False
    model.generation_config.ras_win_len = 7
    model.generation_config.ras_win_max_num_repeat = 2


def _frames(scale: Scale) -> int:
    return round(scale.seconds / FRAME)


def _request(scale: Scale) -> EngineRequest:
    return EngineRequest(TEXT, "default", seed=1, parameters={"max_frames": _frames(scale)})


def _library(folder: Path, scale: Scale) -> Loop:
    import torch
    from transformers import AutoTokenizer, HiggsAudioV2ForConditionalGeneration

    model: Any = HiggsAudioV2ForConditionalGeneration.from_pretrained(folder, dtype=scale.dtype)
    model = model.to(scale.device).eval()
    # The library's class, which asks for a package that is not everywhere.
    codec: Any = load_model(codec_class(), ModelFolder(folder / "audio_tokenizer"), torch.float32).to(scale.device)
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    words = tokenizer.apply_chat_template(conversation(TEXT, []), add_generation_prompt=True, tokenize=False)
    inputs = tokenizer(words, add_special_tokens=False, return_tensors="pt").to(scale.device)
    frames = _frames(scale)

    def run() -> float:
        with torch.no_grad():
            said = model.generate(**inputs, do_sample=True, temperature=0.3, top_p=0.95, top_k=50,
                                  max_new_tokens=frames + 8)  # fmt: skip
            if said.shape[1] < frames:
                raise ValueError(f"it was to say {frames} frames and said {said.shape[1]}")
            # Random weights say anything: only as many codes matter, not which.
            codes = torch.randint(0, 1024, (1, model.config.num_codebooks, frames), device=scale.device)
            sound = codec.decode(codes).audio_values.cpu()
        return float(sound.numel() / 24_000)

    return run


HIGGS = Subject(
    name="Higgs Audio v2",
    engine="codec_lm",
    make=_make,
    request=_request,
    library=_library,
    factor_at_most=0.2,
    first_at_most=150,
)
