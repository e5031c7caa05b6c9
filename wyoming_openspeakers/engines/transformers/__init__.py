"""Text-to-speech models of the transformers library, as they are on the hub.

VITS (Meta's MMS in 1,100 languages), SpeechT5, Bark, FastSpeech2, SeamlessM4T and what speaks by the library's common
interface alone: any checkpoint of these kinds speaks from its folder. The main process reads its JSON files; only a
worker imports torch.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from ..base import Audio, Engine, EngineError, EngineRequest, ModelSpec, Voice
from ..capabilities import Capabilities
from ..offer import offered
from ..torch.cancel import CancellableModules
from ..torch.weights import TorchWeights
from .bark import BarkFamily
from .csm import CsmFamily
from .family import Family
from .fastspeech2 import FastSpeech2Family
from .folder import find_folder
from .pieces import pieces
from .seamless import SeamlessFamily
from .speecht5 import SpeechT5Family
from .vits import VitsFamily

if TYPE_CHECKING:
    import torch

FAMILIES: tuple[type[Family], ...] = (
    VitsFamily,
    SpeechT5Family,
    BarkFamily,
    FastSpeech2Family,
    SeamlessFamily,
    CsmFamily,
)

_FAMILY_OF = {kind: family for family in FAMILIES for kind in family.kinds}

SUPPORTED = frozenset(_FAMILY_OF)
"""The library's names of the kinds of model that speak: `model_type` in their config.json."""

MAX_THREADS = 4
"""More wait for each other longer than they save."""

SEEDS = 1 << 63

_WARM: set[tuple[str, str]] = set()
"""Kinds of model that have spoken in this process, by device: what that took to get ready stays."""


class TransformersEngine(Engine):
    """Speaks with one model of the library."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        streaming=False,
        concurrency=1,
        speed=(0.25, 4.0),
        devices=("cuda", "mps", "cpu"),
        parks=True,
        licence="Apache-2.0",
        parameters={name: schema for family in FAMILIES for name, schema in family.parameters.items()},
    )

    packages: ClassVar[tuple[str, ...]] = ("torch", "transformers", "safetensors")

    def __init__(self) -> None:
        self._spec = ModelSpec("", "transformers")
        self._threads = 1
        self._model: Family | None = None
        self._weights: TorchWeights | None = None
        self._cancellable: CancellableModules | None = None
        self._voices: dict[str, Voice] = {}

    @classmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        folder = find_folder(spec)
        family = _FAMILY_OF.get(folder.kind) if folder else None
        if folder is None or family is None or folder.missing():
            return []
        state = folder.revision
        voices = (replace(voice, revision=state) for voice in family.voices(spec, folder))
        return offered(voices, spec)

    @classmethod
    def capabilities_of(cls, spec: ModelSpec) -> Capabilities:
        folder = find_folder(spec)
        family = _FAMILY_OF.get(folder.kind) if folder else None
        if family is None:
            return cls.capabilities
        return replace(
            cls.capabilities,
            speed=cls.capabilities.speed if family.has_speeds else None,
            cloning=family.clones,
            needs_transcript=family.needs_transcript,
            parameters=family.parameters,
        )

    @classmethod
    def problem(cls, spec: ModelSpec) -> str | None:
        folder = find_folder(spec)
        if folder is None:
            return f"There is no model (config.json) in {', '.join(spec.paths) or 'no folder'}"
        if not folder.config:
            return folder.missing()
        family = _FAMILY_OF.get(folder.kind)
        if family is None:
            kind = folder.kind or "unnamed"
            return f"Models of the kind {kind} are not supported; these are: {', '.join(sorted(SUPPORTED))}"
        return folder.missing() or family.problem(spec, folder)

    @classmethod
    def prepare(cls, spec: ModelSpec) -> None:
        super().prepare(spec)
        folder = find_folder(spec)
        kind = folder.kind.replace("-", "_") if folder else ""
        with suppress(ImportError):
            importlib.import_module(f"transformers.models.{kind}.modeling_{kind}")

    def load(self, spec: ModelSpec, device: str) -> None:
        if problem := self.problem(spec):
            raise EngineError(problem, "package_missing" if "pip install" in problem else "model_missing")
        place = _device(device)
        self._spec = spec
        self._threads = spec.threads or min(MAX_THREADS, _cores())
        self._voices = {voice.name: voice for voice in self.voices(spec)}
        folder = find_folder(spec)
        assert folder is not None
        _be_quiet()
        model = _FAMILY_OF[folder.kind](spec, folder, place)
        self._weights = TorchWeights(model.stages, place)
        if place.type != "cpu":
            self._weights.unpark()
        self._cancellable = CancellableModules(model.stages)
        self._model = model
        if (kind := (folder.kind, place.type)) not in _WARM:
            with _run(self._threads):
                model.warm_up()
            _WARM.add(kind)

    def stream(self, request: EngineRequest) -> Iterator[Audio]:
        model, cancellable = self._model, self._cancellable
        if model is None or cancellable is None:
            raise EngineError("The model is not loaded")
        voice = next(iter(self._voices.values())) if request.references else self._voices.get(request.voice)
        if voice is None:
            raise EngineError(f"There is no voice {request.voice!r}", "unknown_voice")
        settings = {**self._spec.parameters, **request.parameters}
        for number, piece in enumerate(pieces(request.text, model.longest)):
            if not any(letter.isalnum() for letter in piece):
                continue
            seed = None if request.seed is None else (request.seed + number) % SEEDS
            threads = self._threads if request.share.is_whole else 1
            with cancellable.watching(request.cancel), _run(threads, seed):
                samples = model.speak(piece, request, settings)
            yield Audio(samples, voice.rate)

    def forget(self, digests: Collection[str]) -> None:
        if self._model is not None:
            self._model.forget(digests)

    def park(self) -> None:
        if self._weights is not None and self._on_gpu:
            self._weights.park()

    def unpark(self) -> None:
        if self._weights is not None and self._on_gpu:
            self._weights.unpark()

    def unload(self) -> None:
        if self._weights is not None:
            self._weights.close()
        self._model = self._weights = self._cancellable = None

    @property
    def _on_gpu(self) -> bool:
        """On the processor the weights are in the host's memory as it is."""
        return self._model is not None and self._model.device.type != "cpu"


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _device(name: str) -> torch.device:
    import torch

    try:
        device = torch.device("cpu" if name in ("", "auto") else name)
    except RuntimeError:
        raise EngineError(f"There is no kind of device {name}; use cuda, mps or cpu", "bad_parameter") from None
    is_there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not is_there.get(device.type):
        raise EngineError(f"torch cannot use {name} on this machine: set the device to cpu", "bad_parameter")
    return device


def _be_quiet() -> None:
    """Keep the library's progress bars and advice to developers out of the log."""
    messages: Any = importlib.import_module("transformers.utils.logging")
    messages.set_verbosity_error()
    messages.disable_progress_bar()


@contextmanager
def _run(threads: int, seed: int | None = None) -> Iterator[None]:
    """A run of a model in this thread: on so many cores, and by chance unless there is a seed."""
    import torch

    torch.set_num_threads(threads)
    if seed is None:
        torch.seed()
    else:
        torch.manual_seed(seed)
    # Not inference_mode: what a model keeps from such a run can neither be moved nor used outside of one.
    with torch.no_grad():
        yield


ENGINE = TransformersEngine
