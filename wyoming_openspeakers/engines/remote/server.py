"""A server as a model's entry describes it: what every kind of server has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Self

from ..capabilities import Capabilities
from .address import Address
from .settings import Settings
from .voices import Listing

CONCURRENCY = 8
"""Requests at once, where the entry does not say."""


@dataclass(frozen=True)
class Limits:
    """What may be asked of a server at once, and how long it may take."""

    concurrency: int
    first_audio: float
    """Seconds until there is audio, less than the service itself waits."""

    audio_gap: float
    """Seconds from one piece of audio to the next."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Read them from a model's entry."""
        return cls(
            int(settings.number("concurrency", CONCURRENCY, 1, 256)),
            settings.number("first_audio", 25, 0.1, 3600),
            settings.number("audio_gap", 12, 0.1, 3600),
        )


LIMITS = ("concurrency", "first_audio", "audio_gap")
"""The settings that are read for them."""


@dataclass(frozen=True, kw_only=True)
class Server(ABC):
    """A server."""

    address: Address
    limits: Limits
    streams: bool
    """Whether there is audio before a sentence is whole."""

    rate: int = 0
    """Hertz of its audio, 0 where the entry does not tell."""

    @abstractmethod
    def listing(self, model_id: str) -> Listing:
        """Ask what it has. Raises an EngineError where it cannot be asked."""

    @abstractmethod
    def lack(self, listing: Listing) -> str | None:
        """Why nothing can be spoken by a server that has this, or None."""

    def check(self) -> None:
        """Raise an EngineError for what is wrong here, whatever the server says."""

    def able(self, capabilities: Capabilities) -> Capabilities:
        """What can be done with this server, of what its kind can do."""
        return replace(capabilities, streaming=self.streams, concurrency=self.limits.concurrency)
