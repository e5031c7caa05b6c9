"""How far a listener can have heard a response."""

from __future__ import annotations

import time

_SECONDS_PER_CHARACTER = 0.06
"""How long text takes to say, before it is known."""


class Listening:
    """Counts the seconds that were sent and those that were promised; a listener hears no more than one in a second."""

    def __init__(self) -> None:
        self.first_audio: float | None = None
        """When the first audio was sent, on the monotonic clock."""

        self.seconds = 0.0
        """Of audio that were sent."""

        self._heard_until = 0.0
        self._promised_until = 0.0

    def sent(self, seconds: float) -> None:
        """Count audio that goes to the listener now."""
        now = time.monotonic()
        if self.first_audio is None:
            self.first_audio = now
        self._heard_until = max(self._heard_until, now) + seconds
        self.seconds += seconds

    def promise(self, words: str, speed: float) -> float:
        """Count a sentence that is to be spoken; seconds until the listener needs it, as far as can be told."""
        now = time.monotonic()
        needed_in = max(0.0, self._promised_until - now)
        self._promised_until = max(self._promised_until, now) + len(words) * _SECONDS_PER_CHARACTER / speed
        return needed_in

    @property
    def ahead(self) -> float:
        """Seconds of audio that were sent and cannot have been heard yet."""
        return max(0.0, self._heard_until - time.monotonic())

    @property
    def promised(self) -> float:
        """The same for all sentences so far, as far as that can be told."""
        return self._promised_until - time.monotonic()
