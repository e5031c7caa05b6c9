"""hibari: the voice that is always there.

A small English voice whose weights come inside its package, under Apache-2.0. Further voices speak when their files
are in the model's folders or in hibari's own cache; none is ever downloaded here.
"""

from __future__ import annotations

import importlib
import importlib.util
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from .base import Audio, Engine, EngineError, EngineRequest, ModelSpec, Voice
from .capabilities import Capabilities
from .control import Cancelled
from .offer import offered
from .onnx_session import Tensor, on_processor, run

DEFAULT = "heart"

RATE = 24_000

THREADS = 1
"""The model is so small that a second thread makes it slower."""

OUTPUTS = 6
"""What the network gives for the signal processing that follows."""


class HibariEngine(Engine):
    """Speaks with hibari's voices."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        streaming=False,
        concurrency=16,
        parallel=True,
        speed=(0.5, 2.0),
        pads_silence=True,
        licence="Apache-2.0",
    )

    def __init__(self) -> None:
        self._spec = ModelSpec("", "hibari")
        self._loaded: dict[str, Any] = {}
        self._phonemizers: dict[bool, Any] = {}
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        """The phonemizer keeps state while it reads."""

    @classmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        catalogue = _catalogue()
        if catalogue is None:
            return []
        return offered((_describe(name, entry) for name, entry in catalogue.VOICES.items() if _file(name, spec)), spec)

    @classmethod
    def problem(cls, spec: ModelSpec) -> str | None:
        return None if _catalogue() else "hibari is not installed: pip install hibari-tts"

    def load(self, spec: ModelSpec, device: str) -> None:
        on_processor("hibari", device)
        if problem := self.problem(spec):
            raise EngineError(problem, "package_missing")
        self._spec = spec
        for _ in self.stream(EngineRequest("This is the voice of your home.", spec.voice or DEFAULT)):
            pass

    def stream(self, request: EngineRequest) -> Iterator[Audio]:
        voice = self._voice(request.voice)
        dsp: Any = importlib.import_module("hibari.dsp")
        noise = np.random.default_rng(request.seed)
        with self._reading:
            sentences = voice.phonemize(request.text)
        for phonemes in sentences:
            ids = voice.ids(phonemes)
            if not any(letter.isalpha() for letter in phonemes):
                continue
            speed = np.array([request.speed], np.float32)
            feeds: dict[str, Tensor] = {"ids": np.array([ids], np.int64), "speed": speed}
            frames = run(voice.sess, [item.name for item in voice.sess.get_outputs()], feeds, request.cancel)
            samples = dsp.synth(*(item[0] for item in frames[:OUTPUTS]), noise)
            if request.cancel:
                raise Cancelled
            yield Audio(samples, RATE)

    def unload(self) -> None:
        with self._lock:
            self._loaded.clear()
            self._phonemizers.clear()

    def _voice(self, name: str) -> Any:
        with self._lock:
            if name not in self._loaded:
                path = _file(name, self._spec)
                if path is None:
                    raise EngineError(f"There is no hibari voice {name!r}", "unknown_voice")
                hibari: Any = importlib.import_module("hibari")
                british: bool = hibari.voices.VOICES[name]["british"]
                phonemizer = self._phonemizers.get(british)
                threads = self._spec.threads or THREADS
                voice = hibari.Hibari(name, model=str(path), threads=threads, g2p=phonemizer)
                self._phonemizers[british] = voice.g2p
                self._loaded[name] = voice
            return self._loaded[name]


@lru_cache(maxsize=1)
def _catalogue() -> Any:
    """hibari's own list of voices, or None; that module alone, because the package imports its signal processing."""
    package = importlib.util.find_spec("hibari")
    if package is None or package.origin is None:
        return None
    spec = importlib.util.spec_from_file_location("_hibari_voices", Path(package.origin).with_name("voices.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _describe(name: str, entry: dict[str, Any]) -> Voice:
    return Voice(
        name,
        (entry["language"],),
        f"{name.title()}, {entry['accent']} English, {entry['gender']}",
        entry["gender"],
        rate=RATE,
        revision=entry["sha256"][:12],
    )


def _file(name: str, spec: ModelSpec) -> Path | None:
    """The voice's weights: in the package, in the model's folders, or in hibari's cache."""
    catalogue = _catalogue()
    if catalogue is None or name not in catalogue.VOICES:
        return None
    entry = catalogue.VOICES[name]
    if entry.get("bundled"):
        return Path(catalogue.ASSETS, entry["file"])
    cached = Path(catalogue.cache_dir(), entry["file"])
    return spec.find(entry["file"]) or (cached if cached.exists() else None)


ENGINE = HibariEngine
