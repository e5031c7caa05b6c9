"""Pocket-TTS: 100 million parameters that stream on a processor, and speak like whoever they have heard.

Files are in the layout of the transformers library, or in the authors' own, of which a folder as the library wants it
is made once. The main process reads their headers; only a worker imports torch.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from ..base import EngineError, ModelSpec, Voice
from ..capabilities import Capabilities
from ..offer import offered
from ..torch.engine import with_defaults
from ..torch.family import Family, needs_package
from ..torch.streaming import StreamingTorchEngine
from .authors import SETTINGS, Authors, find_authors
from .converted import library_folder
from .family import GATED, PocketFamily
from .files import codec_of, describe

RATE = 24_000


class PocketEngine(StreamingTorchEngine[PocketFamily]):
    """Speaks with one model and its codec."""

    families: ClassVar[tuple[type[Family], ...]] = (PocketFamily,)

    capabilities: ClassVar[Capabilities] = Capabilities(
        streaming=True,
        concurrency=1,
        devices=("cuda", "mps", "cpu"),
        parks=True,
        licence="Apache-2.0",
        parameters=PocketFamily.parameters,
    )

    @classmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        authors = cls._authors(spec)
        if authors is None:
            return super().voices(spec)
        if authors.missing():
            return []
        voices = describe(authors.voices, authors.path, spec, RATE, can_hear=authors.can_hear())
        return offered((replace(voice, revision=authors.revision) for voice in voices), spec)

    @classmethod
    def capabilities_of(cls, spec: ModelSpec) -> Capabilities:
        if authors := cls._authors(spec):
            parameters = with_defaults(cls.capabilities.parameters, SETTINGS)
            return replace(cls.capabilities, speed=None, cloning=authors.can_hear(), parameters=parameters)
        folder, _ = cls._found(spec)
        return replace(super().capabilities_of(spec), cloning=folder is not None and codec_of(folder).can_hear)

    @classmethod
    def problem(cls, spec: ModelSpec) -> str | None:
        authors = cls._authors(spec)
        if authors is None:
            return super().problem(spec)
        if problem := authors.missing():
            return problem
        if not authors.voices and not authors.can_hear():
            return f"There is no voice in {authors.path / 'embeddings'}, and without them it cannot speak. {GATED}"
        needs = PocketFamily.needs
        return next((needs_package(name, needs[name]) for name in needs if not spec.has_package(name)), None)

    def load(self, spec: ModelSpec, device: str) -> None:
        authors = self._authors(spec)
        if authors is not None:
            if problem := self.problem(spec):
                raise EngineError(problem, "package_missing" if "pip install" in problem else "model_missing")
            spec = replace(spec, paths=(str(library_folder(authors, spec.cache_path)),))
        super().load(spec, device)

    @classmethod
    def _authors(cls, spec: ModelSpec) -> Authors | None:
        """The folder in the authors' layout, where there is none in the library's."""
        return find_authors(spec) if cls._found(spec)[0] is None else None


ENGINE = PocketEngine
