"""Dia 1.6B at full size, with the DAC for 44.1 kHz."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import tiny_dia
from bench.gpu_subject import Loop, Scale, Subject, save

from wyoming_openspeakers.engines.base import EngineRequest

RATE = 44_100
TEXT = "[S1] Good morning. The window is open. [S2] And has been open for more than three hours now."
CODEC = {"encoder_hidden_size": 64, "decoder_hidden_size": 1536}


def _make(folder: Path, scale: Scale) -> None:
    from transformers import DiaConfig, DiaForConditionalGeneration

    tiny_dia.dia(folder)
    if scale.is_full:
        save(DiaForConditionalGeneration, DiaConfig(), folder, scale, _endless)
        tiny_dia.dac(folder / "dac", **CODEC)


def _endless(model: Any) -> None:
    # Neither the end nor what is no code is ever likely enough to be chosen.
    model.logits_dense.weight.view(tiny_dia.BOOKS, -1, model.logits_dense.in_features)[:, tiny_dia.CODES :] = 0


def _frames(scale: Scale) -> int:
    return round(scale.seconds * RATE / tiny_dia.HOP)


def _request(scale: Scale) -> EngineRequest:
    return EngineRequest(TEXT, "default", seed=1, parameters={"max_frames": _frames(scale)})


def _library(folder: Path, scale: Scale) -> Loop:
    import torch
    from transformers import DacModel, DiaFeatureExtractor, DiaForConditionalGeneration, DiaProcessor, DiaTokenizer

    model: Any = DiaForConditionalGeneration.from_pretrained(folder, dtype=scale.dtype).to(scale.device).eval()
    codec: Any = DacModel.from_pretrained(folder / "dac").to(scale.device).eval()
    extractor = DiaFeatureExtractor(sampling_rate=RATE, hop_length=tiny_dia.HOP)
    processor: Any = DiaProcessor(extractor, DiaTokenizer(), codec)
    with warnings.catch_warnings():
        # Of its tokenizer's own settings.
        warnings.simplefilter("ignore", UserWarning)
        inputs = processor(text=TEXT).to(scale.device)
    most = _frames(scale) + 16

    def run() -> float:
        with torch.no_grad():
            said = model.generate(**inputs, do_sample=True, guidance_scale=3.0, temperature=1.8, top_p=0.9, top_k=45,
                                  min_new_tokens=most, max_new_tokens=most, bos_token_id=1026, eos_token_id=1024,
                                  pad_token_id=1025)  # fmt: skip
            sound = processor.batch_decode(said, audio_prompt_len=1)[0]
        return float(sound.numel() / RATE)

    return run


DIA = Subject(
    name="Dia 1.6B",
    engine="codec_lm",
    make=_make,
    request=_request,
    library=_library,
    factor_at_most=0.4,
    reported="others report 0.67 on an RTX 4090, 0.48 compiled",
)
