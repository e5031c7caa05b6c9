"""The life of one request as others see it: queued, loading, generating, and how it ended."""

from __future__ import annotations

import time
from uuid import uuid4

from ..events import EventBus, JobChanged, JobState, SpeechEnded
from ..models.voices import ChosenVoice

_STEPS: tuple[JobState, ...] = ("queued", "loading", "generating")


class JobLife:
    """Tells of each step once, though the sentences of a request take them one by one."""

    def __init__(self, bus: EventBus, client: str, job: str = "") -> None:
        self.job = job or uuid4().hex
        self.began_at: float | None = None
        """When the first sentence came to its engine, on the monotonic clock."""

        self._bus = bus
        self._client = client
        self._state: JobState | None = None
        self._position = 0
        self._voice: ChosenVoice | None = None

    def speaks_with(self, voice: ChosenVoice) -> None:
        """Say which voice it is."""
        self._voice = voice

    def now(self, state: JobState, position: int) -> None:
        """Say that a sentence is so far; later sentences do not take the request back."""
        reached = _STEPS.index(self._state) if self._state in _STEPS else -1
        moved_up = state == self._state == "queued" and position != self._position
        if _STEPS.index(state) > reached or moved_up:
            self._state, self._position = state, position
            if state == "generating":
                self.began_at = time.monotonic()
            self._tell()

    def end(self, ended: SpeechEnded) -> None:
        """Say how it ended."""
        self._state = "failed" if ended.error else "cancelled" if ended.left else "complete"
        self._position = 0
        self._tell(ended.error)

    def _tell(self, error: str | None = None) -> None:
        assert self._state
        voice = self._voice
        self._bus.publish(
            JobChanged(
                self.job,
                self._state,
                self._client,
                model=voice.model if voice else None,
                voice=voice.installed.name if voice else None,
                position=self._position,
                error=error,
            )
        )
