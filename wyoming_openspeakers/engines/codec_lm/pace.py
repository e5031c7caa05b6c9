"""How large chunks may be, so that what was said still plays when the next one comes."""

from __future__ import annotations

import time
from collections.abc import Callable

LARGEST = 12
"""Frames of a chunk: about a second."""

SHARE = 0.5
"""Of what is still to play, how long the next chunk may take."""

AT_ONCE = 0.25
"""Seconds of a chunk where one comes too late anyway: there are fewer gaps then, and fewer runs of the codec."""

LATE = 2
"""Single frames that came too late one after the other: one alone was held up."""


class Pace:
    """The time of one generation. The faster it is, the fewer runs of the codec it needs."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`seconds` is how long a frame plays."""
        self._seconds = seconds
        self._clock = clock
        self._began = clock()
        self._ends: float | None = None
        """When all that was handed over has played."""
        self._said = 0
        self._late = 0
        self._least = 1

    def size(self, made: int, said: int) -> int:
        """How many frames the next chunk has, when so many were generated and so many of them have been said."""
        if not said:
            return 1
        now = self._clock()
        left = self._left(now, said)
        takes = max(1e-6, (now - self._began) / made)
        return max(self._least, min(LARGEST, int(left * SHARE / takes)))

    def _left(self, now: float, said: int) -> float:
        """How long the sound lasts with the chunk that was just handed over."""
        ends = now if self._ends is None else self._ends
        new, self._said = said - self._said, said
        if new == 1:
            self._late = self._late + 1 if now > ends else 0
        if self._late == LATE:
            self._least = max(1, min(LARGEST, round(AT_ONCE / self._seconds)))
        self._ends = max(now, ends) + new * self._seconds
        return self._ends - now
