"""Samples as floats and as 16 bit integers: the same scale both ways, so that nothing changes on a round trip."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int16]

WIDTH = 2
"""Bytes per sample on the wire."""

_SCALE = np.float32(32768)


def to_int16(samples: Samples) -> Integers:
    """Round to the nearest step and saturate at full scale."""
    scaled = samples * _SCALE
    np.rint(scaled, out=scaled)
    np.clip(scaled, -32768, 32767, out=scaled)
    return scaled.astype(np.int16)


def from_int16(integers: Integers) -> Samples:
    """Between -1 and 1."""
    return integers * (np.float32(1) / _SCALE)


def to_s16le(samples: Samples) -> bytes:
    """PCM as Wyoming, WAV and every player want it."""
    return to_int16(samples).astype("<i2", copy=False).tobytes()


def frames(rate: int, seconds: float) -> int:
    """How many samples last this long."""
    return max(0, round(rate * seconds))


def silence(rate: int, seconds: float) -> bytes:
    """PCM of digital silence."""
    return bytes(WIDTH * frames(rate, seconds))
