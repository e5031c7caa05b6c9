"""One bus for what happens inside the service; fronts subscribe, nobody waits."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelStateChanged:
    """A model was loaded, unloaded or failed."""

    model: str
    state: str
    """cold, loading, resident or failed."""

    error: str | None = None


@dataclass(frozen=True)
class WorkerExited:
    """A worker process ended."""

    worker: str
    reason: str
    expected: bool


@dataclass(frozen=True)
class SpeechEnded:
    """A request was spoken, failed or was left by its client."""

    client: str
    voice: str | None
    characters: int
    first_audio: float | None
    """Seconds until the first audio was there."""

    total: float
    """Seconds until the last."""

    audio: float
    """Seconds of audio."""

    error: str | None

    left: bool = False
    """The client did not wait for the end."""

    def __str__(self) -> str:
        first = "none" if self.first_audio is None else f"{self.first_audio * 1000:.0f} ms"
        how = f"failed ({self.error})" if self.error else "left" if self.left else "heard"
        return (
            f"{self.client or 'somebody'} {how}: {self.characters} characters with {self.voice or 'no voice'}, "
            f"first audio {first}, {self.audio:.1f} s of audio in {self.total:.2f} s"
        )


Event = ModelStateChanged | WorkerExited | SpeechEnded


class EventBus:
    """Hands each event to every subscriber, in order, at once."""

    def __init__(self) -> None:
        self._subscribers: list[Callable[[Event], None]] = []

    def subscribe(self, subscriber: Callable[[Event], None]) -> Callable[[], None]:
        """Call `subscriber` with every event from now on; returns what ends that."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    def publish(self, event: Event) -> None:
        """Tell everyone; one that fails does not keep it from the rest."""
        for subscriber in tuple(self._subscribers):
            try:
                subscriber(event)
            except Exception:
                _LOGGER.exception("A subscriber failed on %s", event)
