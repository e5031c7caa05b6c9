"""Kokoro 82M: 54 voices in nine languages, and mixtures of them.

On a processor it runs on onnxruntime, with files as in the hub's onnx-community/Kokoro-82M-v1.0-ONNX: `onnx/*.onnx` and
`voices/*.bin`. On a GPU it runs on PyTorch, with files as in hexgrad/Kokoro-82M: `kokoro-v1_0.pth`, `config.json` and
`voices/*.pt`. Both may lie in one folder, or the latter in a folder `torch` below. English phonemes are hibari's, which
uses Kokoro's own alphabet; other languages need an extra.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import ClassVar, Protocol

import numpy as np

from . import kokoro_onnx, kokoro_phonemes, kokoro_voices
from .base import Audio, Engine, EngineError, EngineRequest, ModelSpec, Samples, Voice
from .capabilities import Capabilities
from .control import Cancelled
from .kokoro_torch import runtime as kokoro_torch
from .offer import offered
from .revision import revision

MOST_STYLES = 64

FOR_GPUS = "kokoro-v1_0.pth and config.json of hexgrad/Kokoro-82M"


class Runtime(Protocol):
    """Kokoro's network in memory."""

    longest: int
    """Phonemes that it can say at once."""

    @property
    def alphabet(self) -> Mapping[str, int]:
        """The numbers of its letters."""

    def sound(self, ids: Sequence[int], style: Samples, request: EngineRequest, number: int = 0) -> Samples:
        """The sound of a piece of a request, by the numbers of its phonemes; raises Cancelled."""

    def park(self) -> None:
        """Move the weights off the GPU."""

    def unpark(self) -> None:
        """Move them back."""

    def close(self) -> None:
        """Give back all memory."""


class KokoroEngine(Engine):
    """Speaks with Kokoro's voices."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        streaming=False,
        concurrency=8,
        speed=(0.5, 2.0),
        mixing=True,
        pads_silence=True,
        licence="Apache-2.0",
    )

    def __init__(self) -> None:
        self._spec = ModelSpec("", "kokoro")
        self._runtime: Runtime | None = None
        self._phonemizers: dict[str, kokoro_phonemes.Phonemizer] = {}
        self._lock = threading.Lock()

    @classmethod
    def packages_of(cls, spec: ModelSpec) -> tuple[str, ...]:
        return kokoro_torch.PACKAGES if kokoro_torch.find_weights(spec) and not kokoro_onnx.find_model(spec) else ()

    @classmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        models = [model for model in (kokoro_onnx.find_model(spec), kokoro_torch.find_weights(spec)) if model]
        if not models:
            return []
        files = kokoro_voices.files(spec)
        return [replace(voice, revision=revision(*models, files[voice.name])) for voice in _readable(files, spec)]

    @classmethod
    def capabilities_of(cls, spec: ModelSpec) -> Capabilities:
        if _torch_problem(spec):
            return cls.capabilities
        return replace(cls.capabilities, devices=("cuda", "mps", "cpu"), parks=True)

    @classmethod
    def problem(cls, spec: ModelSpec) -> str | None:
        places = ", ".join(spec.paths) or "no folder"
        has_onnx, has_torch = kokoro_onnx.find_model(spec), kokoro_torch.find_weights(spec)
        if not has_onnx and not has_torch:
            return f"There is no Kokoro model (onnx/*.onnx, or {FOR_GPUS}) in {places}"
        if (problem := _onnx_problem(spec)) and (other := _torch_problem(spec)):
            return problem if has_onnx else other
        names = kokoro_voices.files(spec)
        if not names:
            return f"There is no Kokoro voice (voices/*.bin or voices/*.pt) in {places}"
        if not _readable(names, spec):
            languages = {kokoro_voices.describe(name).languages[0] for name in names}
            extras = sorted({extra for language in languages if (extra := kokoro_phonemes.missing(language, spec))})
            if extras:
                return f"Kokoro's voices need: {kokoro_phonemes.advice(extras, spec)}"
        return None

    @classmethod
    def prepare(cls, spec: ModelSpec) -> None:
        if _onnx_problem(spec):
            for package in kokoro_torch.PACKAGES:
                importlib.import_module(package)

    def load(self, spec: ModelSpec, device: str) -> None:
        if problem := self.problem(spec):
            raise EngineError(problem, "package_missing" if "pip install" in problem else "model_missing")
        self._spec = spec
        self._runtime = _runtime(spec, device)
        for _ in self.stream(EngineRequest("Hello.", spec.voice or self.voices(spec)[0].name)):
            pass

    def stream(self, request: EngineRequest) -> Iterator[Audio]:
        runtime = self._runtime
        if runtime is None:
            raise EngineError("Kokoro is not loaded")
        mixture = kokoro_voices.parse(request.voice)
        styles = self._styles(mixture)
        phonemes = self._phonemizer(mixture.language)(request.text)
        known = "".join(letter for letter in phonemes if letter in runtime.alphabet)
        for number, piece in enumerate(kokoro_phonemes.pieces(known, runtime.longest)):
            if not any(letter.isalpha() for letter in piece):
                continue
            if request.cancel:
                raise Cancelled
            ids = [runtime.alphabet[letter] for letter in piece]
            style = styles[min(len(ids), kokoro_voices.STYLES) - 1]
            yield Audio(runtime.sound(ids, style, request, number), kokoro_voices.RATE)

    def park(self) -> None:
        if self._runtime is not None:
            self._runtime.park()

    def unpark(self) -> None:
        if self._runtime is not None:
            self._runtime.unpark()

    def unload(self) -> None:
        if self._runtime is not None:
            self._runtime.close()
        self._runtime = None
        self._phonemizers.clear()
        _styles.cache_clear()

    def _phonemizer(self, language: str) -> kokoro_phonemes.Phonemizer:
        with self._lock:
            if language not in self._phonemizers:
                if extra := kokoro_phonemes.missing(language, self._spec):
                    text = f"Kokoro's {language} needs: {kokoro_phonemes.advice([extra], self._spec)}"
                    raise EngineError(text, "package_missing")
                self._phonemizers[language] = kokoro_phonemes.phonemizer(language)
            return self._phonemizers[language]

    def _styles(self, mixture: kokoro_voices.Mixture) -> Samples:
        files = kokoro_voices.files(self._spec)
        if unknown := [name for name, _ in mixture.shares if name not in files]:
            raise EngineError(f"There is no Kokoro voice {', '.join(unknown)}", "unknown_voice")
        mixed: Samples = np.sum([_styles(files[name]) * np.float32(share) for name, share in mixture.shares], axis=0)
        return mixed


def _readable(names: Iterable[str], spec: ModelSpec) -> list[Voice]:
    """The voices of these names that are wanted and whose language can be pronounced; looks at none of their files."""
    voices = offered(map(kokoro_voices.describe, names), spec)
    unread = {tag for tag in {voice.languages[0] for voice in voices} if kokoro_phonemes.missing(tag, spec)}
    return [voice for voice in voices if voice.languages[0] not in unread]


_styles = lru_cache(maxsize=MOST_STYLES)(kokoro_voices.styles)


def _runtime(spec: ModelSpec, device: str) -> Runtime:
    """The network on a device: where there is a choice, onnxruntime on the processor and torch elsewhere."""
    is_for_processor = device in ("cpu", "auto", "")
    if is_for_processor and not _onnx_problem(spec):
        return kokoro_onnx.OnnxRuntime(spec)
    if problem := _torch_problem(spec):
        raise EngineError(f"On {device} Kokoro cannot run: {problem}. Or set its device to cpu", "bad_parameter")
    return kokoro_torch.TorchRuntime(spec, device)


def _onnx_problem(spec: ModelSpec) -> str | None:
    if kokoro_onnx.find_model(spec) is None:
        return "There is no onnx/*.onnx in its folder"
    if not spec.has_package(kokoro_onnx.PACKAGE):
        return f"It needs onnxruntime in its environment: pip install {kokoro_onnx.PACKAGE}"
    return None


def _torch_problem(spec: ModelSpec) -> str | None:
    weights = kokoro_torch.find_weights(spec)
    if weights is None:
        return f"It needs {FOR_GPUS} in its folder"
    if kokoro_torch.settings_of(weights) is None:
        return f"{weights.parent / 'config.json'} is missing, damaged or not the author's; download the model again"
    if absent := [package for package in kokoro_torch.PACKAGES if not spec.has_package(package)]:
        return f"It needs {', '.join(absent)} in its environment: pip install {' '.join(absent)}"
    return None


ENGINE = KokoroEngine
