"""Recordings to speak like, in the form in which the service hands them to engines."""

from __future__ import annotations

import hashlib
import wave
from pathlib import Path

import numpy as np

from ..engines.base import Reference, Samples
from ..engines.prompts import read_reference
from ..models.profiles.decoding import RATE
from ..speech.audio.resample import Resampler

_HIGHER = 1.3
"""Times the pitch of a recording that somebody else is made of."""


def recorded(path: Path, samples: Samples, rate: int, transcript: str, language: str) -> Reference:
    """A recording of what was said."""
    resampler = Resampler(rate, RATE)
    whole = np.concatenate([resampler.feed(samples), resampler.finish()])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(whole, -1, 1) * 32767).astype("<i2").tobytes())
    return Reference(str(path), hashlib.sha256(path.read_bytes()).hexdigest(), transcript, language)


def somebody_else(path: Path, reference: Reference) -> Reference:
    """The same recording, played faster: a higher voice."""
    rate, samples = read_reference(reference)
    return recorded(path, samples, round(rate * _HIGHER), reference.transcript, reference.language)
