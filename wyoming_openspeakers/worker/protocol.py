"""What the service and a worker say to each other, in Wyoming's framing over a socket pair.

Each command has an `id`, which its answers repeat. LOAD, PARK, UNPARK and UNLOAD are carried out one after the other
and answered with LOADED, PARKED, LOADED and UNLOADED, which bring the model's Memory, or with ERROR. After an ERROR
the worker holds nothing of the model in memory, except when its code is WRONG_STATE: then nothing has changed. A model
that could not be unparked may be unparked or loaded anew. HELLO and MEMORY bring the Memory of the whole process; the
worker says MEMORY on its own when that has changed. FORGET names the digests of references that are gone, and has no
answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from wyoming.event import Event

from ..engines.base import ModelSpec, Reference

LOAD = "load"
LOADED = "loaded"
PARK = "park"
PARKED = "parked"
UNPARK = "unpark"
UNLOAD = "unload"
UNLOADED = "unloaded"
MEMORY = "memory"
SPEAK = "speak"
AUDIO = "audio"
DONE = "done"
CANCEL = "cancel"
CANCELLED = "cancelled"
ERROR = "error"
HELLO = "hello"
FORGET = "forget"

STUCK = "stuck"
"""Code of an error that only a new process can mend."""

OUT_OF_MEMORY = "out_of_memory"
"""Code of an error that goes away when there is more room."""

WRONG_STATE = "wrong_state"
"""Code of an error to a command that does not go with where the model is: to park what speaks or is not loaded."""


@dataclass(frozen=True)
class Memory:
    """What a worker's process takes, and what the model that was loaded, parked or unloaded has changed of it."""

    host: int = 0
    """Bytes of host memory that the whole process takes, without what it only maps from files."""

    device: int = 0
    """Bytes on its GPU, as the engines' allocators count them; the driver's own share is not in it."""

    model_host: int = 0
    """Bytes of host memory that this model takes now."""

    model_device: int = 0
    """Bytes on the GPU that this model takes now."""

    def data(self) -> dict[str, Any]:
        """As it travels with an event, under the key `memory`."""
        return asdict(self)

    @staticmethod
    def from_event(event: Event) -> Memory:
        """Read it back."""
        return Memory(**event.data.get("memory", {}))


@dataclass(frozen=True)
class Load:
    """Make a model ready."""

    model: ModelSpec
    device: str

    def event(self) -> Event:
        """The event on the wire."""
        return Event(LOAD, {"model": asdict(self.model), "device": self.device})

    @staticmethod
    def from_event(event: Event) -> Load:
        """Read it back."""
        model = dict(event.data["model"])
        for name in ("paths", "languages"):
            model[name] = tuple(model[name])
        return Load(ModelSpec(**model), event.data["device"])


@dataclass(frozen=True)
class Speak:
    """Speak one segment."""

    id: int
    model: str
    text: str
    voice: str
    language: str | None = None
    speaker: str | None = None
    speed: float = 1.0
    seed: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    design: str = ""
    instructions: str = ""

    client: str = ""
    """Who listens."""

    urgency: int = 0
    """Class of the request: a lower number always goes first."""

    needed_in: float = 0.0
    """Seconds until a listener runs out of audio."""

    first_audio: float = 30.0
    """Seconds that the engine may work before there is audio; waiting for others does not count."""

    audio_gap: float = 15.0
    """Seconds that the engine may work on each chunk after that."""

    def event(self) -> Event:
        """The event on the wire."""
        return Event(SPEAK, asdict(self))

    @staticmethod
    def from_event(event: Event) -> Speak:
        """Read it back."""
        references = tuple(Reference(**reference) for reference in event.data["references"])
        return Speak(**{**event.data, "references": references})
