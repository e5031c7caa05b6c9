"""Kokoro on onnxruntime: the fastest on a processor."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from .base import EngineError, EngineRequest, ModelSpec, Samples
from .onnx_session import OnnxSession, Tensor, threads

PACKAGE = "onnxruntime"

LONGEST = 510
"""Phonemes that it was made for at once."""

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


class OnnxRuntime:
    """The network in memory."""

    longest = LONGEST

    def __init__(self, spec: ModelSpec) -> None:
        model = find_model(spec)
        assert model is not None
        self.alphabet = alphabet()
        self._session = OnnxSession(model, threads(spec), tidy=True)
        self._tokens = next(name for name in self._session.inputs if name not in ("style", "speed"))
        """The name of the phonemes' input, which depends on who exported the model."""

    def sound(self, ids: Sequence[int], style: Samples, request: EngineRequest, number: int = 0) -> Samples:
        """The sound of a piece of a request."""
        feeds: dict[str, Tensor] = {
            self._tokens: np.array([[PAD, *ids, PAD]], np.int64),
            "style": style[None],
            "speed": np.array([request.speed], np.float32),
        }
        samples: Samples = self._session.run(feeds, request.cancel)[0]
        return samples.reshape(-1)

    def park(self) -> None:
        """Nothing is on a GPU."""

    def unpark(self) -> None:
        """Nothing has left."""

    def close(self) -> None:
        """Nothing is kept besides this."""


def find_model(spec: ModelSpec) -> Path | None:
    """The model's file: the fastest in the first folder that has one."""
    for folder in spec.paths:
        for pattern in MODELS:
            for place in (Path(folder, "onnx"), Path(folder)):
                if found := sorted(place.glob(pattern)):
                    return found[0]
    return None


@lru_cache(maxsize=1)
def alphabet() -> dict[str, int]:
    """Kokoro's letters; hibari has the same."""
    found = importlib.util.find_spec("hibari")
    if found is None or found.origin is None:
        raise EngineError("Kokoro needs: pip install hibari-tts", "package_missing")
    letters: dict[str, int] = json.loads(Path(found.origin).parent.joinpath("assets", "vocab.json").read_text("utf-8"))
    return letters
