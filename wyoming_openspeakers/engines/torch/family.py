"""What a family of models has to know to speak with torch; each family is a module of its own."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..base import EngineError, EngineRequest, ModelSpec, Samples, Voice
from .folder import ModelFolder

if TYPE_CHECKING:
    import torch


class Family(ABC):
    """A model in memory, of one of the kinds that a family knows.

    The class methods are called in the service's own process too, where none of the packages may be imported.
    """

    kinds: ClassVar[tuple[str, ...]]
    """The library's names of these kinds of model."""

    needs: ClassVar[Mapping[str, str]] = {}
    """Packages that they cannot work without besides the engine's: how each is imported, how it is installed."""

    parameters: ClassVar[Mapping[str, Any]] = {}
    """JSON schemas of their own parameters."""

    longest: ClassVar[int] = 300
    """Characters of a text that such a model can say at once."""

    has_speeds: ClassVar[bool] = False
    """Speaks faster and slower."""

    clones: ClassVar[bool] = False
    """Speaks like the references of a request."""

    needs_transcript: ClassVar[bool] = False
    """Clones only from recordings whose words are known."""

    voice_by_seed: ClassVar[bool] = False
    """Without a reference its seed decides who speaks."""

    whole_repository: ClassVar[bool] = True
    """All that it needs is in one repository of the hub."""

    dialogue: ClassVar[bool] = False
    """Has several speakers in one text, marked in it."""

    tags: ClassVar[tuple[str, ...]] = ()
    """Sounds that a text can ask for where they stand."""

    speaker_tags: ClassVar[tuple[str, ...]] = ()
    """Who speaks from there on."""

    is_fine_with_halves: ClassVar[bool] = False
    """Sounds as well in 16 bits, which a GPU is faster with."""

    def __init__(self, spec: ModelSpec, folder: ModelFolder, device: torch.device) -> None:
        self.spec = spec
        self.folder = folder
        self.device = device
        """Where the model is when it speaks; it is loaded to the processor."""

    @classmethod
    @abstractmethod
    def voices(cls, spec: ModelSpec, folder: ModelFolder) -> list[Voice]:
        """Its voices, the default one first; without their revision."""

    @classmethod
    def problem(cls, spec: ModelSpec, folder: ModelFolder) -> str | None:
        """What is missing besides the weights, and what to do about it."""
        return next((needs_package(name, cls.needs[name]) for name in cls.needs if not spec.has_package(name)), None)

    @classmethod
    def defaults(cls, folder: ModelFolder) -> Mapping[str, Any]:
        """What a model's own files say of its parameters, where models differ in that."""
        return {}

    @property
    @abstractmethod
    def stages(self) -> list[Any]:
        """All of its modules, in the order of their use."""

    def forget(self, digests: Collection[str]) -> None:
        """Drop what was derived from recordings that are gone."""

    def rest(self) -> None:
        """Give back memory of the device that can be had again: the model is parked."""

    @abstractmethod
    def warm_up(self) -> None:
        """Make first runs, which are slower, in a short time."""

    @property
    def dtype(self) -> torch.dtype:
        """The type of its numbers in memory."""
        import torch

        if self.device.type != "cuda" or not self.is_fine_with_halves:
            return torch.float32
        name = str(self.folder.config.get("dtype") or self.folder.config.get("torch_dtype") or "float16")
        return {"float32": torch.float32, "bfloat16": torch.bfloat16}.get(name, torch.float16)


def library(module: str) -> Any:
    """A module of the transformers library, and not the hundreds that it comes with."""
    return importlib.import_module(f"transformers.{module}")


def needs_package(name: str, install: str) -> str:
    """The sentence that says so."""
    return f"This model needs the package {name} in its environment: pip install {install}"


def stages_of(model: Any, *first: str) -> list[Any]:
    """A model's parts by name, the others after them, and the model itself for weights that are in no part."""
    parts = dict(model.named_children())
    ordered = [parts.pop(name) for name in first if name in parts]
    ordered += parts.values()
    own = [*model.parameters(recurse=False), *model.buffers(recurse=False)]
    # A model is called before its parts are, and then all of them would have to be there.
    return [model] if own else ordered


def to_samples(waveform: Any) -> Samples:
    """A waveform from the device as the service wants it."""
    samples: Samples = waveform.detach().reshape(-1).float().cpu().numpy()
    return np.nan_to_num(samples, copy=False)


def speaker_number(request: EngineRequest, speakers: int) -> int:
    """The speaker's number in a model that has several."""
    name = request.speaker or "0"
    if not name.isdecimal() or int(name) >= speakers:
        raise EngineError(f"{request.voice} has no speaker {name!r}; they are 0 to {speakers - 1}", "unknown_voice")
    return int(name)
