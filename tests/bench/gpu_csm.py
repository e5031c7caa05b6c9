"""CSM 1B at full size: a Llama 1B, a depth decoder of four layers and a Mimi with 32 codebooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tiny_models
from bench.gpu_subject import TEXT, Loop, Scale, Subject, save

from wyoming_openspeakers.engines.base import EngineRequest

FRAME = 0.08
"""Seconds."""


def _make(folder: Path, scale: Scale) -> None:
    tiny_models.csm(folder)
    if scale.is_full:
        enlarge(folder, scale)


def enlarge(folder: Path, scale: Scale, **others: Any) -> None:
    """Put one of published size, but for these settings, in the place of a tiny model."""
    from transformers import CsmConfig, CsmForConditionalGeneration

    # The tokens are those of the tiny model's tokenizer, everything else is as published.
    ids = {"bos_token_id": 0, "pad_token_id": 1, "audio_token_id": 2, "audio_eos_token_id": 3}
    save(CsmForConditionalGeneration, CsmConfig(**ids, **others), folder, scale, _audible)


def _audible(model: Any) -> None:
    for name, weight in model.codec_model.named_buffers():
        if name.endswith("embed_sum"):
            weight.normal_()
    for generation in (model.generation_config, model.depth_decoder.generation_config):
        # Or else the library would take what is not in every model's settings for nobody's.
        generation._from_model_config = False
        generation.do_sample = True


def _frames(scale: Scale) -> int:
    return round(scale.seconds / FRAME)


def _request(scale: Scale) -> EngineRequest:
    return EngineRequest(TEXT, "default", seed=1, parameters={"max_frames": _frames(scale)})


def _library(folder: Path, scale: Scale) -> Loop:
    import torch
    from transformers import AutoProcessor, CsmForConditionalGeneration

    # What the engine runs in, too: its codec is part of it.
    model: Any = CsmForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).to(scale.device).eval()
    processor = AutoProcessor.from_pretrained(folder)
    conversation = [{"role": "0", "content": [{"type": "text", "text": TEXT}]}]
    inputs = processor.apply_chat_template(conversation, tokenize=True, return_dict=True, return_tensors="pt")
    inputs = inputs.to(scale.device)

    def run() -> float:
        with torch.no_grad():
            sound = model.generate(**inputs, output_audio=True, do_sample=True, temperature=0.9, top_k=50,
                                   max_new_tokens=_frames(scale))[0].cpu()  # fmt: skip
        return float(sound.numel() / 24_000)

    return run


CSM = Subject(
    name="CSM 1B",
    engine="codec_lm",
    make=_make,
    request=_request,
    library=_library,
    factor_at_most=0.25,
    first_at_most=150,
)
