"""A guard for peaks: rounds them off where a converter would cut or wrap them."""

from __future__ import annotations

import numpy as np

from .pcm import Samples

KNEE = np.float32(10 ** (-1 / 20))
"""-1 dBFS: below it, nothing is touched."""

_ROOM = np.float32(1) - KNEE


def limit_peaks(samples: Samples) -> Samples:
    """Bend what is above the knee towards full scale, which it never passes; quieter samples keep every bit.

    The curve leaves the knee with slope 1, so there is no corner to hear, and it has no memory, so it cannot pump.
    """
    magnitude = np.abs(samples)
    above = magnitude > KNEE
    if not above.any():
        return samples
    peaks = samples[above]
    limited = samples.copy()
    limited[above] = np.copysign(KNEE + _ROOM * np.tanh((magnitude[above] - KNEE) / _ROOM), peaks)
    return limited
