"""What a voice of a user's own is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ...engines.base import Reference
from ...errors import Conflict, NotFound

Kind = Literal["cloned", "preset", "designed"]


@dataclass(frozen=True)
class Style:
    """How a voice speaks where a request does not say."""

    speed: float = 1.0
    """Times the speed of the request."""

    pitch: float = 0.0
    """Semitones, on top of those of the request."""

    instructions: str = ""
    seed: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def under(self, over: Style) -> Style:
        """This one, changed by another."""
        return Style(
            self.speed * over.speed,
            self.pitch + over.pitch,
            over.instructions or self.instructions,
            self.seed if over.seed is None else over.seed,
            {**self.parameters, **over.parameters},
        )


@dataclass(frozen=True)
class Sample:
    """A recording of a cloned voice, checked and brought into one form."""

    id: str
    seconds: float
    rate: int
    loudness: float
    """LUFS of the recording as it was given."""

    digest: str
    """Changes when the audio or its words do."""

    transcript: str = ""
    language: str = ""

    name: str = ""
    """What its file was called where it came from; only to show."""

    created: float = 0.0

    warnings: tuple[str, ...] = ()
    """What could be better about it, for people."""

    def with_words(self, transcript: str, language: str) -> Sample:
        """It with other words: what was made of the old ones is not used any more."""
        if (transcript, language) == (self.transcript, self.language):
            return self
        told = f"{self.digest}\n{language}\n{transcript}".encode()
        return replace(self, digest=hashlib.sha256(told).hexdigest(), transcript=transcript, language=language)


@dataclass(frozen=True)
class Profile:
    """A voice that a user made, or a preset from the configuration."""

    id: str
    name: str
    """Unique, as a person writes it; what the voice is asked for by."""

    kind: Kind
    model: str

    voice: str = ""
    """The model's voice that a preset lends from."""

    design: str = ""
    """What a designed voice is like, in words."""

    language: str = ""
    """BCP 47 tag; what the model speaks when empty."""

    description: str = ""
    tags: tuple[str, ...] = ()
    gender: str | None = None
    style: Style = field(default_factory=Style)
    samples: tuple[Sample, ...] = ()

    consent: bool = False
    """The person whose voice it is has agreed."""

    created: float = 0.0
    """Unix time."""

    changed: float = 0.0

    folder: Path | None = None
    """Where its samples are; None for a preset from the configuration, which cannot be changed."""

    def sample(self, sample_id: str) -> Sample:
        """One of its samples."""
        for sample in self.samples:
            if sample.id == sample_id:
                return sample
        raise NotFound(f"{self.name!r} has no recording of this id")

    def with_words(self, sample_id: str | None, transcript: str | None, language: str | None) -> Profile:
        """It with other words of a sample, of the first where none is named; what is None stays."""
        if not self.samples:
            raise Conflict(f"{self.name!r} has no recording")
        old = self.samples[0] if sample_id is None else self.sample(sample_id)
        new = old.with_words(
            old.transcript if transcript is None else transcript, old.language if language is None else language
        )
        return replace(self, samples=tuple(new if sample is old else sample for sample in self.samples))

    def references(self) -> tuple[Reference, ...]:
        """Its samples for an engine."""
        if self.folder is None:
            return ()
        return tuple(
            Reference(str(self.folder / f"{sample.id}.wav"), sample.digest, sample.transcript, sample.language)
            for sample in self.samples
        )
