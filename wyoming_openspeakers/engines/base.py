"""The one interface that every engine implements.

This module and the engines' modules are imported in two places: in the service's main process, which only reads
`capabilities` and `voices()`, and in worker processes, which also load and speak. So nothing here or at the top
of an engine's module may import more than the standard library and numpy; an engine imports its packages in `load`.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from .capabilities import Capabilities
from .control import CancelFlag, Share
from .packages import is_importable

Samples = npt.NDArray[np.float32]


class EngineError(Exception):
    """Something that an engine can explain to the user in one sentence."""

    def __init__(self, text: str, code: str = "engine_failed") -> None:
        super().__init__(text)
        self.code = code
        """Machine-readable: engine_failed, model_missing, unknown_voice, bad_parameter, package_missing, busy, timeout,
        remote_unreachable, remote_failed or out_of_memory."""


@dataclass(frozen=True)
class Voice:
    """A voice that an engine can speak with."""

    name: str
    """Unique within the model: `af_heart`."""

    languages: tuple[str, ...]
    """BCP 47 tags, the main one first: `en-US`."""

    description: str = ""
    """What a person reads in a list: `Heart, American English, female`."""

    gender: str | None = None
    """`female`, `male` or None."""

    speakers: tuple[str, ...] = ()
    """Names of the speakers inside a multi-speaker voice."""

    rate: int = 0
    """Sample rate of its audio in hertz, 0 when that is not known before it speaks."""

    revision: str = ""
    """Changes when the voice's files do, so that what was cached of it is not used any more."""


@dataclass(frozen=True)
class Reference:
    """Recorded speech of somebody whose voice is to be used."""

    path: str
    """A mono WAV file of 16-bit samples at 24,000 Hz, whatever was uploaded."""

    digest: str
    """Changes when the recording or its transcript does: what was derived from it can be kept by this name."""

    transcript: str = ""
    """What is said in it, where that is known."""

    language: str = ""
    """BCP 47 tag of what is said, where that is known."""


@dataclass(frozen=True)
class Word:
    """When a word is said."""

    text: str
    start: float
    """Seconds from the start of the segment."""

    end: float


@dataclass(frozen=True)
class ModelSpec:
    """A model as its engine sees it: where its files are and how to run it."""

    id: str
    engine: str
    """Name of a module in this package, or a dotted path to a module elsewhere."""

    paths: tuple[str, ...] = ()
    """Folders to look for the model's files in, in this order."""

    voice: str | None = None
    """The model's default voice."""

    languages: tuple[str, ...] = ()
    """Languages to offer, where the model has more than is wanted; all when empty."""

    threads: int = 0
    """Processor threads for the engine, 0 for a sensible number."""

    cache_path: str | None = None
    """A folder where an engine may keep what it derives from its files."""

    packages_path: str | None = None
    """Where the packages of the model's environment are; None for those of this process."""

    trust_remote_code: bool = False
    """The model may bring code of its own."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Defaults for the engine-specific parameters."""

    def find(self, name: str) -> Path | None:
        """The file or folder of this name in the first of `paths` that has it."""
        return next((path for folder in self.paths if (path := Path(folder) / name).exists()), None)

    def has_package(self, name: str) -> bool:
        """Whether a package is in the model's environment. Cheap, imports nothing."""
        return is_importable(name, self.packages_path)


@dataclass(frozen=True)
class EngineRequest:
    """One segment to speak."""

    text: str
    """Clean text: words and punctuation, one sentence or clause."""

    voice: str
    """A voice's name, or a mixture where the engine can mix."""

    language: str | None = None
    """BCP 47 tag, where the voice speaks several."""

    speaker: str | None = None
    """A speaker inside a multi-speaker voice."""

    speed: float = 1.0
    """Within the declared range."""

    seed: int | None = None
    """Makes the same request sound the same, where the engine can."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Engine-specific, checked against the declared schema."""

    references: tuple[Reference, ...] = ()
    """Whom to speak like, for an engine that clones; `voice` means nothing then."""

    design: str = ""
    """What the voice is like, for an engine that designs voices; `voice` means nothing then."""

    instructions: str = ""
    """How to speak, for an engine that follows instructions."""

    cancel: CancelFlag = field(default_factory=CancelFlag)
    """A generator looks at it between chunks."""

    share: Share = field(default_factory=Share)
    """What an engine with `parallel` steps looks at before each."""


@dataclass(frozen=True)
class Audio:
    """A chunk of mono audio."""

    samples: Samples
    """Between -1 and 1; an engine need not clip."""

    rate: int
    """Hertz; the same for all chunks of a request."""

    words: tuple[Word, ...] = ()
    """Words whose times became known with this chunk, from engines that tell."""


class Engine(ABC):
    """Turns segments of text into audio.

    A worker makes one instance per model and calls `load` once before `stream`. Up to `capabilities.concurrency`
    generators are open at once and take turns, chunk by chunk, on changing threads; without `capabilities.parallel`
    only one of them runs at any moment.
    """

    capabilities: ClassVar[Capabilities]

    packages: ClassVar[tuple[str, ...]] = ()
    """Modules that it cannot work without, as they are imported."""

    @classmethod
    def packages_of(cls, spec: ModelSpec) -> tuple[str, ...]:
        """The modules that this model cannot work without, where that differs between models of the engine. Cheap."""
        return cls.packages

    @classmethod
    @abstractmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        """The voices that can be used now, from the model's files alone: cheap, loads nothing, may be empty."""

    @classmethod
    def capabilities_of(cls, spec: ModelSpec) -> Capabilities:
        """What this model can do, where that differs between models of the engine. Cheap, loads nothing."""
        return cls.capabilities

    @classmethod
    def problem(cls, spec: ModelSpec) -> str | None:
        """Why the model cannot be used on this machine and what to do about it, or None. Cheap, loads nothing."""
        return None

    @classmethod
    def prepare(cls, spec: ModelSpec) -> None:
        """Import in a worker what `load` needs and what stays when the model goes."""
        for package in cls.packages:
            importlib.import_module(package)

    @abstractmethod
    def load(self, spec: ModelSpec, device: str) -> None:
        """Get ready to speak, so that the first request is as fast as the rest."""

    @abstractmethod
    def stream(self, request: EngineRequest) -> Iterator[Audio]:
        """Speak: a chunk as soon as there is one. Raises EngineError or, when cancelled, may raise Cancelled."""

    def forget(self, digests: Collection[str]) -> None:
        """Drop what was derived from the references of these digests: their recordings are gone."""

    def park(self) -> None:
        """Move the weights off the GPU, keeping them in host memory; called only when `capabilities.parks`."""
        raise NotImplementedError

    def unpark(self) -> None:
        """Move the weights back to the GPU; may return before all are there, where `stream` waits for them."""
        raise NotImplementedError

    @abstractmethod
    def unload(self) -> None:
        """Give back all memory."""


def engine_class(name: str) -> type[Engine]:
    """The engine in a module of this package or, when the name has a dot, in that module."""
    module = importlib.import_module(name if "." in name else f"{__package__}.{name}")
    engine: type[Engine] = module.ENGINE
    return engine
