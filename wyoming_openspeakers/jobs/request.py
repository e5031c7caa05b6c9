"""What is asked of a job, and how the history remembers it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from ..history.entry import Entry
from ..models.queue import Urgency
from ..models.voices import ChosenVoice, VoiceCatalog
from ..speech.audio.encode import HTTP_RATE
from ..speech.audio.formats import AudioFormat
from ..speech.named import full_name
from ..speech.request import SpeechRequest

ATTEMPTS = "attempts"
"""How often a job was begun; kept with what was asked for, and not a part of it."""


@dataclass(frozen=True)
class JobRequest:
    """A text to speak into a file."""

    text: str

    voice: str | None = None
    """Full or short name, alias, mixture or the id of a profile; None for the default or the language's."""

    language: str | None = None
    speed: float | None = None
    pitch: float = 0.0
    format: AudioFormat = "mp3"
    seed: int | None = None
    instructions: str = ""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    """The engine's own."""

    keep_alive: float | str | None = None

    words: bool = False
    """Find out when each word is said."""

    client: str = ""
    front: str = ""

    def as_asked(self) -> dict[str, Any]:
        """What differs from how a text is spoken anyway, for the history."""
        asked = {
            "speed": self.speed,
            "pitch": self.pitch,
            "seed": self.seed,
            "instructions": self.instructions,
            "extra": dict(self.parameters),
            "keep_alive": self.keep_alive,
            "words": self.words,
        }
        return {name: value for name, value in asked.items() if value or (value == 0 and name in _ZERO_SAYS_SOMETHING)}


_ZERO_SAYS_SOMETHING = ("seed", "keep_alive")


def new_entry(request: JobRequest, chosen: ChosenVoice, batch: str | None, position: int) -> Entry:
    """A job in the history; `chosen` speaks it, unless no voice was asked for: then its text decides."""
    is_named = bool(request.voice)
    profile = chosen.installed.profile
    return Entry(
        id=uuid4().hex,
        kind="batch" if batch else "job",
        status="pending",
        created=time.time(),
        front=request.front,
        client=request.client,
        text=request.text,
        characters=len(request.text),
        model=chosen.model if is_named else None,
        voice=full_name(chosen) if is_named else None,
        profile=profile.id if profile and is_named else None,
        language=request.language,
        parameters=request.as_asked(),
        batch=batch,
        position=position,
        format=request.format,
    )


def speech_request(entry: Entry, catalog: VoiceCatalog) -> SpeechRequest:
    """How a job is spoken."""
    asked = entry.parameters
    # A voice of a user's own may have been renamed since.
    is_there = entry.profile and catalog.find(entry.profile)
    return SpeechRequest(
        voice=entry.profile if is_there else entry.voice,
        language=entry.language,
        speed=asked.get("speed"),
        seed=asked.get("seed"),
        parameters=asked.get("extra", {}),
        pitch=asked.get("pitch", 0.0),
        instructions=asked.get("instructions", ""),
        output_rate=HTTP_RATE,
        words=asked.get("words", False),
        keep_alive=asked.get("keep_alive"),
        client=entry.client,
        front=entry.front,
        job=entry.id,
        urgency=Urgency.BATCH if entry.kind == "batch" else Urgency.JOB,
    )
