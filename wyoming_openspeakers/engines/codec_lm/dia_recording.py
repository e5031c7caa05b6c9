"""A recording at the rate that a codec wants."""

from __future__ import annotations

import math

import numpy as np

from ..base import Samples

_PAUSE = 0.1
"""Seconds of silence after a recording, so that its end is not heard in its beginning."""


def resampled(samples: Samples, rate: int, wanted: int) -> Samples:
    """The same sound at another rate: all that both can hold, and nothing above."""
    if rate == wanted:
        return samples
    common = math.gcd(rate, wanted)
    up, down = wanted // common, rate // common
    # A whole number of periods that both rates have in common.
    periods = math.ceil((len(samples) + _PAUSE * rate) / down)
    spectrum = np.fft.rfft(samples, periods * down)
    sound = np.fft.irfft(spectrum, periods * up) * (up / down)
    return sound[: round(len(samples) * up / down)].astype(np.float32)
