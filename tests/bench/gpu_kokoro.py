"""Kokoro 82M at full size; its author's package is no part of this project, so that it stands alone."""

from __future__ import annotations

from pathlib import Path

import tiny_kokoro
from bench.gpu_subject import Scale, Subject

from wyoming_openspeakers.engines.base import EngineRequest

TEXT = "Good morning, the window is open. The living room is at twenty one degrees, and it has been open for hours."


def _make(folder: Path, scale: Scale) -> None:
    if scale.is_full:
        tiny_kokoro.kokoro(folder, hidden=512, inner=1024, reminder=64)
    else:
        tiny_kokoro.kokoro(folder)


KOKORO = Subject(
    name="Kokoro 82M",
    engine="kokoro",
    make=_make,
    request=lambda scale: EngineRequest(TEXT, "af_heart", seed=1),
    first_at_most=150,
)
