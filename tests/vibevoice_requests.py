"""What tests ask a tiny VibeVoice for."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
from assets import Loaded

from wyoming_openspeakers.engines.base import EngineRequest, Reference, Samples
from wyoming_openspeakers.engines.vibevoice import VibeVoiceEngine
from wyoming_openspeakers.engines.vibevoice.long import VibeVoiceFamily
from wyoming_openspeakers.engines.vibevoice.prompt_voices import OWN

HELLO = "good morning to you."
HOP = 3200
FRAMES = 10
TOLERANCE = 1e-3


def family(loaded: Loaded) -> VibeVoiceFamily:
    assert isinstance(loaded.engine, VibeVoiceEngine) and isinstance(loaded.engine._model, VibeVoiceFamily)
    return loaded.engine._model


def recording(folder: Path, name: str, pitch: float, seconds: float = 1.0) -> Reference:
    path = folder / f"{name}.wav"
    tone = np.sin(np.arange(round(24_000 * seconds)) * pitch * 2 * np.pi / 24_000) * 0.3
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes((tone * 32767).astype("<i2").tobytes())
    return Reference(str(path), name, "")


def ask(text: str = HELLO, most: int = FRAMES, **request: Any) -> EngineRequest:
    parameters = {"max_frames": most, **request.pop("parameters", {})}
    return EngineRequest(text, **{"voice": OWN[0], "seed": 5, **request}, parameters=parameters)


def same(one: Samples, other: Samples) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, atol=TOLERANCE * np.abs(one).max(initial=0)))
