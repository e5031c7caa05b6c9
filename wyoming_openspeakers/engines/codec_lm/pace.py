"""How large chunks may be, so that what was said still plays when the next one comes."""

from __future__ import annotations

import time
from collections.abc import Callable

LARGEST = 12
"""Frames of a chunk: about a second."""

SHARE = 0.5
"""Of what is still to play, how long the next chunk may take."""


class Pace:
    """The time of one generation. The faster it is, the fewer runs of the codec it needs."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`seconds` is how long a frame plays."""
        self._seconds = seconds
        self._clock = clock
        self._began = clock()
        self._heard: float | None = None
        """When the first chunk was handed over."""

    def size(self, made: int, said: int) -> int:
        """How many frames the next chunk has, when so many were generated and so many of them have been said."""
        if not said:
            return 1
        now = self._clock()
        if self._heard is None:
            self._heard = now
        left = said * self._seconds - (now - self._heard)
        takes = max(1e-6, (now - self._began) / made)
        return max(1, min(LARGEST, int(left * SHARE / takes)))
