"""What audio looks like to who searches for words in it: level and shape of the spectrum, a hundred times a second."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]

HOP = 0.01
"""Seconds between frames."""

_WINDOW = 0.025
_BANDS = 20
_COEFFICIENTS = 12
_LOWEST, _HIGHEST = 80.0, 8000.0
_FLOOR = -60.0
_SPEECH = -35.0
"""Decibels below which a frame is not used to learn how the voice and its microphone sound."""

_AUDIBLE = -40.0


@dataclass(frozen=True)
class Spectrum:
    """Frames in rows: first the level, then cepstral coefficients, all of them about as large as 1."""

    features: Matrix
    seconds_audible: float


def spectrum(samples: Matrix, rate: int) -> Spectrum:
    """Analyse mono audio; what is quiet keeps its level and loses its shape, which says little."""
    size = max(2, round(rate * _WINDOW))
    count = max(1, int(len(samples) / (rate * HOP)))
    padded = np.concatenate((np.zeros(size // 2, np.float32), np.nan_to_num(samples), np.zeros(size, np.float32)))
    starts = ((np.arange(count) + 0.5) * rate * HOP).astype(int)
    bands, cosines = _analysis(rate, size)
    power = np.empty((count, _BANDS), np.float32)
    window = np.hanning(size).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)
    for first in range(0, count, 1024):
        part = slice(first, first + 1024)
        transformed = np.fft.rfft(frames[starts[part]] * window, _transform_size(size))
        power[part] = (transformed.real**2 + transformed.imag**2).astype(np.float32) @ bands
    level = _decibels(power.sum(axis=1))
    loudest = np.percentile(level, 95)
    level = np.maximum(level - loudest, _FLOOR)
    shape = np.maximum(_decibels(power) - loudest, _FLOOR - 10)
    speech = level > _SPEECH
    shape -= shape[speech].mean(axis=0) if speech.any() else shape.mean(axis=0)
    weight = np.clip((level + 55) / 20, 0, 1)
    features = np.column_stack((level / 10, (shape @ cosines) / 10 * weight[:, None])).astype(np.float32)
    return Spectrum(features, float((level > _AUDIBLE).sum()) * HOP)


def _decibels(power: Matrix) -> Matrix:
    decibels: Matrix = 10 * np.log10(power + np.float32(1e-12))
    return decibels


def _transform_size(size: int) -> int:
    return 1 << (size - 1).bit_length()


@lru_cache(maxsize=8)
def _analysis(rate: int, size: int) -> tuple[Matrix, Matrix]:
    """Triangular bands, even on the mel scale, and the cosines that turn their levels into coefficients."""
    lowest, highest = (2595 * np.log10(1 + hertz / 700) for hertz in (_LOWEST, min(_HIGHEST, rate / 2)))
    edges = 700 * (10 ** (np.linspace(lowest, highest, _BANDS + 2) / 2595) - 1)
    bins = np.arange(_transform_size(size) // 2 + 1)[:, None] * rate / _transform_size(size)
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    bands = np.clip(np.minimum(rising, falling), 0, None)
    angles = np.pi / _BANDS * (np.arange(_BANDS)[:, None] + 0.5) * np.arange(1, _COEFFICIENTS + 1)
    return bands.astype(np.float32), (np.cos(angles) * np.sqrt(2 / _BANDS)).astype(np.float32)
