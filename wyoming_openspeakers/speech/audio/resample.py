"""From an engine's sample rate to the listener's, as the audio streams."""

from __future__ import annotations

import numpy as np
import soxr

from .pcm import Samples

_QUALITY = "MQ"
"""As flat as the better settings up to 91 % of the band, with aliases below what 16 bits can show, and holds back
15 to 30 ms. The faster settings dull the voice or let aliases through."""


class Resampler:
    """Changes the rate of one segment; when both rates are equal, hands the samples through."""

    def __init__(self, source: int, target: int) -> None:
        self._stream = None if source == target else soxr.ResampleStream(source, target, 1, "float32", _QUALITY)

    def feed(self, samples: Samples) -> Samples:
        """Take samples in and give back those that are ready."""
        if self._stream is None:
            return samples
        ready: Samples = self._stream.resample_chunk(samples)
        return ready

    def finish(self) -> Samples:
        """Give back the rest: the total is then exact to a sample."""
        nothing = np.empty(0, np.float32)
        if self._stream is None:
            return nothing
        rest: Samples = self._stream.resample_chunk(nothing, last=True)
        return rest
