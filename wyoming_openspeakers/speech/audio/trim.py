"""Takes the silence off both edges of a segment while it streams."""

from __future__ import annotations

import numpy as np

from .pcm import Samples, frames

_NOTHING: Samples = np.empty(0, np.float32)


class EdgeTrimmer:
    """Drops silence before and after one segment's speech and leaves every pause inside it alone.

    Speech passes at once: only silence that may turn out to be the end is held back. The cut edges lie in silence and
    are faded there, so that a faint hum or a constant offset does not click.
    """

    def __init__(
        self,
        rate: int,
        *,
        keep_ms: float = 30,
        tail_ms: float = 80,
        threshold_db: float = -60,
        fade_ms: float = 5,
    ) -> None:
        """Keep `keep_ms` of silence for soft consonants before the onset and `tail_ms` for what rings after the end."""
        self._threshold = np.float32(10 ** (threshold_db / 20))
        self._lead = frames(rate, keep_ms / 1000)
        self._fade = min(frames(rate, fade_ms / 1000), frames(rate, tail_ms / 1000))
        self._tail = frames(rate, tail_ms / 1000) - self._fade
        self._held = _NOTHING
        self._speaking = False
        self._lead_was_cut = False
        self._silence_passed = 0
        self.cut = 0
        """Samples of silence that were dropped before the onset."""

    def feed(self, samples: Samples) -> Samples:
        """Take samples in and give back those that belong to the segment for certain."""
        loud = np.flatnonzero(np.abs(samples) > self._threshold)
        pending = np.concatenate((self._held, samples)) if len(self._held) else samples
        end = int(loud[-1]) + 1 + len(self._held) if len(loud) else 0
        if not self._speaking:
            if not len(loud):
                self._hold_lead(pending)
                return _NOTHING
            onset = int(loud[0]) + len(self._held)
            start = max(0, onset - self._lead)
            self.cut += start
            pending = self._fade_in(pending[start:], onset - start) if start or self._lead_was_cut else pending
            end -= start
            self._speaking = True
        if end:
            self._silence_passed = 0
        ready = min(len(pending), end + self._tail - self._silence_passed)
        self._silence_passed += ready - end
        self._held = pending[ready:].copy()
        return pending[:ready]

    def finish(self) -> Samples:
        """Give back the end of the last silence that is kept; nothing when there was no speech."""
        held, self._held = self._held, _NOTHING
        if not self._speaking:
            return _NOTHING
        if len(held) <= self._fade:
            return held
        return held[: self._fade] * np.linspace(1, 0, self._fade, dtype=np.float32)

    def _hold_lead(self, pending: Samples) -> None:
        start = max(0, len(pending) - self._lead)
        self._lead_was_cut = self._lead_was_cut or start > 0
        self.cut += start
        self._held = pending[start:].copy()

    def _fade_in(self, pending: Samples, silent: int) -> Samples:
        length = min(self._fade, silent)
        faded = pending.copy()
        faded[:length] *= np.linspace(0, 1, length, dtype=np.float32)
        return faded
