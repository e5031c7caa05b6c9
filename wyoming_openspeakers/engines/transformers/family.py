"""What a family of models has to know to speak; each family is a module of its own."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..base import EngineError, EngineRequest, ModelSpec, Samples, Voice
from .folder import ModelFolder, find_folder

if TYPE_CHECKING:
    import torch

VOCODER_FOLDERS = ("vocoder", "speecht5_hifigan", "fastspeech2_conformer_hifigan", "hifigan")
"""Where the files of a vocoder are looked for below a model's folder."""

VOCODERS = ("hifigan", "speecht5_hifigan", "fastspeech2_conformer_hifigan")
"""The library's names of the kinds that make sound of frames."""


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

    @property
    @abstractmethod
    def stages(self) -> list[Any]:
        """All of its modules, in the order of their use."""

    @abstractmethod
    def speak(self, text: str, request: EngineRequest, settings: Mapping[str, Any]) -> Samples:
        """Say a piece of a request's text; empty where there is nothing to say."""

    def forget(self, digests: Collection[str]) -> None:
        """Drop what was derived from recordings that are gone."""

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


def find_vocoder(spec: ModelSpec, folder: ModelFolder) -> ModelFolder | None:
    """The folder of a HiFi-GAN that makes sound of what a model says: in its folder, or another of the model's."""
    below = [ModelFolder(folder.path / name) for name in VOCODER_FOLDERS]
    beside = [found for path in spec.paths if (found := find_folder(ModelSpec("", "", (path,))))]
    return next((place for place in (*below, *beside) if place.kind in VOCODERS), None)
