"""What is checked: a model, its engine and where it runs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ..engines.base import Engine, ModelSpec, Reference, Voice, engine_class
from ..engines.capabilities import Capabilities
from .outcome import Skipped


@dataclass(frozen=True)
class Subject:
    """A model on this machine."""

    spec: ModelSpec
    device: str = "cpu"
    python: str = sys.executable
    """The interpreter of its environment."""

    reference: Reference | None = None
    """Somebody's recording, for an engine that has no voices of its own."""

    patience: float = 1.0
    """Times as long as usual that all may take."""

    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of its workers."""

    @property
    def name(self) -> str:
        """The model's id."""
        return self.spec.id

    @cached_property
    def engine(self) -> type[Engine]:
        """Its engine, which this process loads nothing with."""
        return engine_class(self.spec.engine)

    @cached_property
    def capabilities(self) -> Capabilities:
        """What it declares."""
        return self.engine.capabilities_of(self.spec)

    @cached_property
    def voices(self) -> list[Voice]:
        """The voices that it declares."""
        return self.engine.voices(self.spec)

    @property
    def voice(self) -> Voice:
        """The voice to speak with: the model's default, or its first."""
        if not self.voices:
            raise Skipped("it has no voice of its own")
        named = (voice for voice in self.voices if voice.name == self.spec.voice)
        return next(named, self.voices[0])
