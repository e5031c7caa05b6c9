"""How loud speech is to an ear: integrated loudness after ITU-R BS.1770-4, measured while the audio streams."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from .pcm import Samples

_HOPS_PER_BLOCK = 4
"""Blocks of 400 ms that overlap by 75 % are four hops of 100 ms."""

_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0
_OFFSET = -0.691

_STANDARD_RATE = 48000
_FILTERS = (
    ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1, -1.69065929318241, 0.73248077421585)),
    ((1, -2, 1), (1, -1.99004745483398, 0.99007225036621)),
)
"""Numerators and denominators from the standard: a shelf for the effect of the head, and a high pass."""

Energies = npt.NDArray[np.float64]


class LoudnessMeter:
    """Measures mono audio of any length at any rate from 8 to 48 kHz.

    The standard weights audio with two recursive filters, which numpy cannot run without a loop over samples. Their
    response dies away within 100 ms, so each hop is filtered in the frequency domain together
    with the hop before it: the same result, in one transform for all hops of a chunk.
    """

    def __init__(self, rate: int) -> None:
        self._hop = round(rate / 10)
        self._weighting = _k_weighting(rate, 2 * self._hop)
        self._buffer: Samples = np.zeros(self._hop, np.float32)
        """The hop before, then what does not fill a hop yet."""
        self._energies: list[float] = []

    def feed(self, samples: Samples) -> None:
        """Take samples in."""
        buffer = np.concatenate((self._buffer, samples))
        hops = len(buffer) // self._hop - 1
        if hops > 0:
            frames = np.lib.stride_tricks.sliding_window_view(buffer, 2 * self._hop)[:: self._hop][:hops]
            weighted = np.fft.irfft(np.fft.rfft(frames) * self._weighting, 2 * self._hop)[:, self._hop :]
            energies: Energies = np.mean(np.square(weighted), axis=1, dtype=np.float64)
            self._energies.extend(energies.tolist())
            buffer = buffer[hops * self._hop :].copy()
        self._buffer = buffer

    def integrated(self) -> float | None:
        """The loudness so far in LUFS; None before there is a block that is not silence."""
        gated = self._gated_blocks()
        return loudness_of(float(gated.mean())) if len(gated) else None

    def gated_seconds(self) -> float:
        """How much audio the measurement rests on, pauses not counted."""
        return len(self._gated_blocks()) / 10

    def _gated_blocks(self) -> Energies:
        if len(self._energies) < _HOPS_PER_BLOCK:
            return np.empty(0)
        blocks = np.convolve(self._energies, np.full(_HOPS_PER_BLOCK, 1 / _HOPS_PER_BLOCK), "valid")
        blocks = blocks[blocks > energy_of(_ABSOLUTE_GATE)]
        if not len(blocks):
            return blocks
        return blocks[blocks > energy_of(loudness_of(float(blocks.mean())) + _RELATIVE_GATE)]


def loudness_of(energy: float) -> float:
    """LUFS of a weighted mean square."""
    return _OFFSET + 10 * float(np.log10(energy))


def energy_of(loudness: float) -> float:
    """The weighted mean square of so many LUFS."""
    return float(10 ** ((loudness - _OFFSET) / 10))


@lru_cache(maxsize=8)
def _k_weighting(rate: int, length: int) -> npt.NDArray[np.complex64]:
    """What the standard's filters do to each frequency of a transform of this length.

    The standard gives its filters' coefficients for 48 kHz only. Their response at a frequency is taken from there
    whatever the rate, so the same sound reads the same at 8 kHz; deriving filters for a low rate would bend the shelf.
    """
    frequencies = np.minimum(np.arange(length // 2 + 1) * rate / length, _STANDARD_RATE / 2)
    z = np.exp(-2j * np.pi * frequencies / _STANDARD_RATE)
    powers = np.stack((np.ones_like(z), z, z * z))
    response = np.ones_like(z)
    for numerator, denominator in _FILTERS:
        response *= (np.array(numerator) @ powers) / (np.array(denominator) @ powers)
    return response.astype(np.complex64)
