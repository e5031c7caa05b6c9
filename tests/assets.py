"""Real weights that tests speak with, which `script/assets` puts there, and engines that have loaded them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from wyoming_openspeakers.engines.base import Engine, EngineRequest, ModelSpec, Samples, engine_class

ROOT = Path(os.environ.get("OPENSPEAKERS_ASSETS") or Path(__file__).parent.parent / ".assets")

PIPER_VOICE = "en_US-joe-medium"


def asset(name: str) -> Path:
    """A folder of weights; the test is skipped where they are not."""
    path = ROOT / name
    if not path.is_dir():
        pytest.skip(f"{path} is missing: run script/assets")
    return path


@pytest.fixture(scope="session")
def piper_folder() -> Path:
    """A folder with the Piper voice `en_US-joe-medium`."""
    pytest.importorskip("piper", reason="the extra [piper] is not installed")
    return asset("piper")


@pytest.fixture(scope="session")
def kokoro_folder() -> Path:
    """A folder with Kokoro's int8 model and its 54 voices."""
    asset("kokoro/onnx")
    asset("kokoro/voices")
    return asset("kokoro")


@pytest.fixture(scope="session")
def whisper_folder() -> Path:
    """A folder with Whisper tiny.en for faster-whisper."""
    pytest.importorskip("faster_whisper", reason="faster-whisper is not installed")
    return asset("whisper-tiny.en")


@pytest.fixture(scope="session")
def cut_voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where the engine piper keeps what it has cut, which takes seconds; all test processes share it."""
    return shared_folder(tmp_path_factory) / "cut"


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """The temporary folder of a test run, whichever of its processes asks."""
    folder = factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@dataclass(frozen=True)
class Loaded:
    """An engine that is ready to speak."""

    engine: Engine
    spec: ModelSpec
    voice: str

    def say(self, request: EngineRequest) -> Samples:
        """All of the audio of a request."""
        return np.concatenate([np.zeros(0, np.float32), *(audio.samples for audio in self.engine.stream(request))])


def load(spec: ModelSpec) -> Loaded:
    """Load the engine of a model that names its default voice."""
    engine = engine_class(spec.engine)()
    engine.load(spec, "cpu")
    assert spec.voice
    return Loaded(engine, spec, spec.voice)


@pytest.fixture(scope="session")
def hibari() -> Iterator[Loaded]:
    """The engine hibari with the voice in its package."""
    loaded = load(ModelSpec("hibari", "hibari", voice="heart"))
    yield loaded
    loaded.engine.unload()


@pytest.fixture(scope="session")
def piper(piper_folder: Path, cut_voices: Path) -> Iterator[Loaded]:
    """The engine piper with one voice."""
    loaded = load(ModelSpec("piper", "piper", (str(piper_folder),), PIPER_VOICE, cache_path=str(cut_voices)))
    yield loaded
    loaded.engine.unload()


@pytest.fixture(scope="session")
def kokoro(kokoro_folder: Path) -> Iterator[Loaded]:
    """The engine kokoro with all of its voices."""
    loaded = load(ModelSpec("kokoro", "kokoro", (str(kokoro_folder),), "af_heart"))
    yield loaded
    loaded.engine.unload()
