"""One bus for what happens inside the service; fronts subscribe, nobody waits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

_LOGGER = logging.getLogger(__name__)


ModelState = Literal["cold", "loading", "resident", "parking", "parked", "unloading", "failed"]
DownloadState = Literal["waiting", "downloading", "complete", "failed", "cancelled"]
JobState = Literal["queued", "loading", "generating", "complete", "failed", "cancelled"]


@dataclass(frozen=True)
class ModelStateChanged:
    """A model was loaded, unloaded or failed."""

    model: str
    state: ModelState

    error: str | None = None
    """Why it failed."""

    device: str | None = None
    """Where it is or was: `cpu`, `cuda:0`."""

    memory: int = 0
    """Bytes that it takes there, or in host memory when it is parked."""


@dataclass(frozen=True)
class WorkerExited:
    """A worker process ended."""

    worker: str
    reason: str
    expected: bool


JobKind = Literal["live", "job", "batch"]


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

    job: str = ""
    """The same as in JobChanged."""

    kind: JobKind = "live"
    """Somebody listened, or waited for a file, alone or among many."""

    front: str = ""
    model: str | None = None
    profile: str | None = None
    """Id of the voice that a user made."""

    language: str | None = None
    text: str = ""
    queued: float | None = None
    """Seconds until an engine, or the cache, began with it."""

    def __str__(self) -> str:
        first = "none" if self.first_audio is None else f"{self.first_audio * 1000:.0f} ms"
        how = f"failed ({self.error})" if self.error else "left" if self.left else "heard"
        return (
            f"{self.client or 'somebody'} {how}: {self.characters} characters with {self.voice or 'no voice'}, "
            f"first audio {first}, {self.audio:.1f} s of audio in {self.total:.2f} s"
        )


@dataclass(frozen=True)
class JobChanged:
    """A request went from one step of its life to the next."""

    job: str
    """The request's own name, the same in all of its events."""

    state: JobState
    client: str
    model: str | None = None
    voice: str | None = None
    position: int = 0
    """How many go first while it is queued."""

    error: str | None = None


@dataclass(frozen=True)
class DownloadChanged:
    """A download began, came further or ended."""

    name: str
    """What is downloaded: a model, or a voice of one, as it was asked for."""

    state: DownloadState
    file: str = ""
    done: int = 0
    """Bytes that are here."""

    total: int = 0
    """Bytes of all files, 0 when that is not known yet."""

    rate: float = 0.0
    """Bytes per second."""

    remaining: float | None = None
    """Seconds until it is done, where that can be told."""

    error: str | None = None


@dataclass(frozen=True)
class VoicesChanged:
    """Voices came, changed or went: one of a user's own, or those that a model's files brought."""

    profile: str = ""
    """The id of a user's own; it is told before a catalog has it, a model's voices after."""

    forget: bool = False
    """A recording of it is gone, and nothing that was made of it may stay."""


@dataclass(frozen=True)
class DefaultsChanged:
    """How the service speaks when nobody says was changed while it runs."""


@dataclass(frozen=True)
class Gpu:
    """A GPU at one moment; None for what its driver does not tell."""

    index: int
    uuid: str
    name: str
    memory_total: int
    memory_used: int
    utilisation: int | None = None
    """Per cent."""

    temperature: int | None = None
    """Degrees Celsius."""

    power: float | None = None
    """Watts."""

    models: Mapping[str, int] = field(default_factory=dict)
    """Bytes of each model of ours."""


@dataclass(frozen=True)
class GpusRead:
    """The GPUs were looked at."""

    gpus: tuple[Gpu, ...]
    problem: str | None = None
    """Why there is none: no driver, no GPU."""


Event = (
    ModelStateChanged
    | WorkerExited
    | SpeechEnded
    | JobChanged
    | DownloadChanged
    | VoicesChanged
    | DefaultsChanged
    | GpusRead
)


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
