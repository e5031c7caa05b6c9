"""Kokoro 82M on onnxruntime: 54 voices in nine languages, and mixtures of them.

Files as in the hub's onnx-community/Kokoro-82M-v1.0-ONNX: `onnx/*.onnx` and `voices/*.bin`. English phonemes are
hibari's, which uses Kokoro's own alphabet; other languages need an extra.
"""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np

from . import kokoro_phonemes, kokoro_voices
from .base import Audio, Engine, EngineError, EngineRequest, ModelSpec, Samples, Voice
from .capabilities import Capabilities
from .control import Cancelled
from .offer import offered
from .onnx_session import OnnxSession, on_processor, threads
from .revision import revision

MOST_PHONEMES = 510
PAD = 0

MODELS = (
    "model_quantized.onnx",
    "model_q8f16.onnx",
    "model_uint8.onnx",
    "model_uint8f16.onnx",
    "model.onnx",
    "model_fp16.onnx",
    "kokoro*.onnx",
    "model*.onnx",
)
"""The fastest on a processor first."""

MOST_STYLES = 64


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
        self._session: OnnxSession | None = None
        self._phonemizers: dict[str, kokoro_phonemes.Phonemizer] = {}
        self._lock = threading.Lock()

    @classmethod
    def voices(cls, spec: ModelSpec) -> list[Voice]:
        model = _model(spec)
        if model is None:
            return []
        files = kokoro_voices.files(spec).items()
        voices = [kokoro_voices.describe(name, revision(model, file)) for name, file in files]
        unread = {tag for tag in {voice.languages[0] for voice in voices} if kokoro_phonemes.missing(tag)}
        return offered((voice for voice in voices if voice.languages[0] not in unread), spec)

    @classmethod
    def problem(cls, spec: ModelSpec) -> str | None:
        places = ", ".join(spec.paths) or "no folder"
        if _model(spec) is None:
            return f"There is no Kokoro model (onnx/*.onnx) in {places}"
        names = kokoro_voices.files(spec)
        if not names:
            return f"There is no Kokoro voice (voices/*.bin) in {places}"
        if not cls.voices(spec):
            languages = {kokoro_voices.describe(name).languages[0] for name in names}
            extras = sorted({extra for language in languages if (extra := kokoro_phonemes.missing(language))})
            return f"Kokoro's voices need: pip install 'wyoming-openspeakers[{','.join(extras)}]'"
        return None

    def load(self, spec: ModelSpec, device: str) -> None:
        on_processor("Kokoro", device)
        if problem := self.problem(spec):
            raise EngineError(problem, "model_missing")
        model = _model(spec)
        assert model is not None
        self._spec = spec
        self._session = OnnxSession(model, threads(spec), tidy=True)
        for _ in self.stream(EngineRequest("Hello.", spec.voice or self.voices(spec)[0].name)):
            pass

    def stream(self, request: EngineRequest) -> Iterator[Audio]:
        session = self._session
        if session is None:
            raise EngineError("Kokoro is not loaded")
        mixture = kokoro_voices.parse(request.voice)
        styles = self._styles(mixture)
        alphabet = _alphabet()
        known = "".join(letter for letter in self._phonemizer(mixture.language)(request.text) if letter in alphabet)
        for piece in kokoro_phonemes.pieces(known, MOST_PHONEMES):
            if not any(letter.isalpha() for letter in piece):
                continue
            if request.cancel:
                raise Cancelled
            ids = [alphabet[letter] for letter in piece]
            feeds = {
                self._tokens: np.array([[PAD, *ids, PAD]], np.int64),
                "style": styles[min(len(ids), kokoro_voices.STYLES) - 1][None],
                "speed": np.array([request.speed], np.float32),
            }
            (samples, *_) = session.run(feeds, request.cancel)
            yield Audio(samples.reshape(-1), kokoro_voices.RATE)

    def unload(self) -> None:
        self._session = None
        self._phonemizers.clear()
        _styles.cache_clear()

    @property
    def _tokens(self) -> str:
        """The name of the phonemes' input, which depends on who exported the model."""
        assert self._session is not None
        return next(name for name in self._session.inputs if name not in ("style", "speed"))

    def _phonemizer(self, language: str) -> kokoro_phonemes.Phonemizer:
        with self._lock:
            if language not in self._phonemizers:
                if extra := kokoro_phonemes.missing(language):
                    text = f"Kokoro's {language} needs: pip install 'wyoming-openspeakers[{extra}]'"
                    raise EngineError(text, "package_missing")
                self._phonemizers[language] = kokoro_phonemes.phonemizer(language)
            return self._phonemizers[language]

    def _styles(self, mixture: kokoro_voices.Mixture) -> Samples:
        files = kokoro_voices.files(self._spec)
        if unknown := [name for name, _ in mixture.shares if name not in files]:
            raise EngineError(f"There is no Kokoro voice {', '.join(unknown)}", "unknown_voice")
        mixed: Samples = np.sum([_styles(files[name]) * np.float32(share) for name, share in mixture.shares], axis=0)
        return mixed


_styles = lru_cache(maxsize=MOST_STYLES)(kokoro_voices.styles)


@lru_cache(maxsize=1)
def _alphabet() -> dict[str, int]:
    """Kokoro's letters; hibari has the same."""
    found = importlib.util.find_spec("hibari")
    if found is None or found.origin is None:
        raise EngineError("Kokoro needs: pip install hibari-tts", "package_missing")
    letters: dict[str, int] = json.loads(Path(found.origin).parent.joinpath("assets", "vocab.json").read_text("utf-8"))
    return letters


def _model(spec: ModelSpec) -> Path | None:
    """The model's file: the fastest in the first folder that has one."""
    for folder in spec.paths:
        for pattern in MODELS:
            for place in (Path(folder, "onnx"), Path(folder)):
                if found := sorted(place.glob(pattern)):
                    return found[0]
    return None


ENGINE = KokoroEngine
