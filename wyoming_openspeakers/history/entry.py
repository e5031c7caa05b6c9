"""What the history keeps of a text that was spoken, or is to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..events import JobKind

Status = Literal["pending", "running", "complete", "failed", "cancelled"]

OVER: tuple[Status, ...] = ("complete", "failed", "cancelled")


@dataclass(frozen=True)
class Entry:
    """One text."""

    id: str
    """Unique."""

    kind: JobKind
    status: Status
    created: float
    """Unix time."""

    front: str = ""
    """How it came: wyoming, http, mqtt, cli."""

    client: str = ""
    text: str | None = None
    """None where texts are not kept."""

    characters: int = 0
    model: str | None = None
    voice: str | None = None
    """Full name."""

    profile: str | None = None
    """Id of the voice that a user made."""

    language: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """How it was to be spoken, as it was asked for."""

    batch: str | None = None
    position: int = 0
    """In its batch, from 0."""

    started: float | None = None
    completed: float | None = None
    queued: float | None = None
    """Seconds until an engine, or the cache, began."""

    first_audio: float | None = None
    """Seconds until the first audio."""

    total: float | None = None
    """Seconds until the last."""

    seconds: float | None = None
    """Seconds of audio."""

    error: str | None = None
    format: str | None = None
    """Of the audio file: mp3, flac, ..."""

    file: str | None = None
    """Name of the audio file that is kept, None when there is none."""

    bytes: int = 0
    """Of that file."""


@dataclass(frozen=True)
class Search:
    """Which entries to list; those that came last are first."""

    kinds: Sequence[JobKind] = ()
    """All when empty."""

    status: Status | None = None
    model: str | None = None
    voice: str | None = None
    profile: str | None = None
    front: str | None = None
    batch: str | None = None
    ids: Sequence[str] = ()
    """All when empty."""

    words: str | None = None
    """Words that the text contains, each anywhere, also inside another word, in any case of letters."""

    since: float | None = None
    """Unix time from which on it was made."""

    until: float | None = None
    """Unix time before which it was made."""

    page: int = 1
    page_size: int = 20


@dataclass(frozen=True)
class Page:
    """A part of the entries that were searched for."""

    entries: tuple[Entry, ...]
    total: int
    """How many there are in all."""

    is_total_exact: bool = True
    """Otherwise there are about so many: the newest were counted one by one, the rest by parts of the words; where
    those mislead, a page has fewer entries than it could."""
