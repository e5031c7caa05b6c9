"""The engines called directly, without the service around them: what it is compared with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from bench.servers import PIPER_VOICE

Sound = tuple[npt.NDArray[np.float32], int]
"""Samples and their rate."""

Say = Callable[[str], Sound]
"""Speaks a text."""


def hibari() -> Say:
    """The default voice by its own package."""
    from hibari import SAMPLE_RATE, Hibari

    voice = Hibari()
    return lambda text: (voice(text), SAMPLE_RATE)


def piper(assets: Path) -> Say:
    """A Piper voice by its own package."""
    from piper import PiperVoice

    voice = PiperVoice.load(assets / "piper" / f"{PIPER_VOICE}.onnx")

    def say(text: str) -> Sound:
        chunks = [chunk.audio_float_array for chunk in voice.synthesize(text)]
        return np.concatenate(chunks).astype(np.float32), voice.config.sample_rate

    return say


def kokoro(assets: Path) -> Say:
    """A Kokoro voice by the service's engine module alone, sentence by sentence."""
    from hibari import Hibari

    from wyoming_openspeakers.engines.base import EngineRequest, ModelSpec, engine_class

    engine = engine_class("kokoro")()
    engine.load(ModelSpec("kokoro", "kokoro", paths=(str(assets / "kokoro"),)), "cpu")

    def say(text: str) -> Sound:
        requests = (EngineRequest(sentence, "af_heart", language="en-US") for sentence in Hibari.split_sentences(text))
        chunks = [chunk for request in requests for chunk in engine.stream(request)]
        return np.concatenate([chunk.samples for chunk in chunks]), chunks[0].rate

    return say
