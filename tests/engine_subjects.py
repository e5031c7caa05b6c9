"""The engines that the tests have, each on a bench of the conformance kit: an engine joins with a line here."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from assets import PIPER_VOICE, asset

from wyoming_openspeakers.conformance.bench import Bench
from wyoming_openspeakers.conformance.subject import Subject
from wyoming_openspeakers.engines.base import ModelSpec

TESTS = Path(__file__).parent

FAMILIES = ("vits", "speecht5", "fastspeech2", "bark", "seamless")
"""Of the engine transformers, on tiny checkpoints."""


def hibari(folder: Path) -> ModelSpec:
    return ModelSpec("hibari", "hibari", voice="heart")


def kokoro(folder: Path) -> ModelSpec:
    asset("kokoro/onnx")
    return ModelSpec("kokoro", "kokoro", (str(asset("kokoro")),), "af_heart")


def piper(folder: Path) -> ModelSpec:
    pytest.importorskip("piper", reason="the extra [piper] is not installed")
    return ModelSpec("piper", "piper", (str(asset("piper")),), PIPER_VOICE, cache_path=str(folder))


def family(name: str) -> Callable[[Path], ModelSpec]:
    """A tiny checkpoint of a family."""

    def make(folder: Path) -> ModelSpec:
        pytest.importorskip("torch", reason="torch is not installed: pip install torch")
        pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")
        tiny_models: Any = importlib.import_module("tiny_models")
        # The real one downloads dictionaries when it is imported.
        (folder / "g2p_en.py").write_text("class G2p:\n    def __call__(self, text):\n        return list(text)\n")
        getattr(tiny_models, name)(folder / "model")
        return ModelSpec(name, "transformers", (str(folder / "model"),))

    return make


def tiny(module: str, maker: str, engine: str, voice: str = "", **parameters: Any) -> Callable[[Path], ModelSpec]:
    """A tiny checkpoint of an engine. Its random weights do not know where speech ends: parameters say."""

    def make(folder: Path) -> ModelSpec:
        pytest.importorskip("torch", reason="torch is not installed: pip install torch")
        pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")
        getattr(importlib.import_module(module), maker)(folder / "model")
        paths, cache = (str(folder / "model"),), str(folder / "cache")
        return ModelSpec(maker, engine, paths, voice or None, threads=1, cache_path=cache, parameters=parameters)

    return make


def fault(name: str) -> Callable[[Path], ModelSpec]:
    """The engines that tests of faults have."""
    return lambda folder: ModelSpec(name, f"faults.{name}", voice="plain")


FOR_FAULTS = ("engine", "mimic")

SUBJECTS: dict[str, Callable[[Path], ModelSpec]] = {
    "hibari": hibari,
    "kokoro": kokoro,
    "piper": piper,
    **{name: family(name) for name in FAMILIES},
    "kokoro torch": tiny("tiny_kokoro", "kokoro", "kokoro", "af_heart"),
    "pocket": tiny("tiny_pocket", "pocket", "pocket", "alba", max_frames=24),
    "orpheus": tiny("tiny_codec_models", "orpheus", "codec_lm", "tara", max_tokens=98),
    "csm": tiny("tiny_models", "csm", "codec_lm", max_frames=40),
    "dia": tiny("tiny_dia", "dia", "codec_lm", max_frames=100),
    "higgs": tiny("tiny_higgs", "higgs", "codec_lm", "default", max_frames=30),
    "vibevoice": tiny("tiny_vibevoice", "vibevoice", "vibevoice", max_frames=24),
    "vibevoice realtime": tiny("tiny_vibevoice_realtime", "realtime", "vibevoice", max_frames=40),
    **{name: fault(name) for name in FOR_FAULTS},
}

FAST = ("hibari", "engine")

NOT_FOR_FAULTS = ("declaration", "device", "empty text", "unknown voice", "speed", "reference")
"""Checks that the engines for faults are spared: they are for what goes wrong, and take anything."""


@contextmanager
def opened(name: str, folder: Path) -> Iterator[Bench]:
    """A subject on its bench."""
    spec = SUBJECTS[name](folder)
    places = os.pathsep.join([str(folder), str(TESTS), str(TESTS.parent)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", places)
        # The engine for SpeechT5's siblings asks in this process whether a package is there.
        patch.syspath_prepend(str(folder))
        with Bench(Subject(spec, variables={"PYTHONPATH": places})) as bench:
            yield bench
    sys.modules.pop("g2p_en", None)
