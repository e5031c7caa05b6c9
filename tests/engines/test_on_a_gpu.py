"""Every engine on torch speaks on a GPU that is pretended: nothing stays with the host, or is used too early."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import torch
from engine_subjects import FAMILIES, SUBJECTS

if not hasattr(torch._C, "_acc"):
    pytest.skip("this torch cannot be told of a device that is not there", allow_module_level=True)

from pretend_cuda import Gpu
from pretend_gpu import pretended

from wyoming_openspeakers.engines.base import Engine, EngineRequest, ModelSpec, Reference, Samples, engine_class
from wyoming_openspeakers.engines.codec_lm.dia import DiaFamily
from wyoming_openspeakers.engines.torch import graphs
from wyoming_openspeakers.engines.torch.family import Family

pytestmark = pytest.mark.slow

LENGTHS = {
    "pocket": {"max_frames": 8},
    "orpheus": {"max_tokens": 70},
    "csm": {"max_frames": 8},
    "dia": {"max_frames": 12},
    "higgs": {"max_frames": 10},
    "vibevoice": {"max_frames": 8},
    "vibevoice realtime": {"max_frames": 8},
}
"""Of those whose frames are one captured graph each."""

ENGINES = (*FAMILIES, "kokoro torch", *LENGTHS)

TEXT = "Good morning to you."
TOLERANCE = 1e-3
"""Of the loudest sample: a graph looks at all places with a mask, and sums in another order."""


@pytest.fixture
def gpu() -> Iterator[Gpu]:
    graphs._side.cache_clear()
    with pretended() as gpu:
        yield gpu
    graphs._side.cache_clear()


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of 32 bits on the GPU too."""
    for family in (Family, DiaFamily):
        monkeypatch.setattr(family, "dtype", property(lambda self: torch.float32))


@pytest.fixture(params=ENGINES)
def spec(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelSpec]:
    # The engine for SpeechT5's siblings asks in this process whether a package is there.
    monkeypatch.syspath_prepend(str(tmp_path))
    yield spec_of(request.param, tmp_path)
    sys.modules.pop("g2p_en", None)


def spec_of(name: str, folder: Path) -> ModelSpec:
    spec = SUBJECTS[name](folder)
    voice = spec.voice or engine_class(spec.engine).voices(spec)[0].name
    return replace(spec, voice=voice, threads=1, parameters=LENGTHS.get(name, {}))


@contextmanager
def loaded(spec: ModelSpec, device: str) -> Iterator[Engine]:
    engine = engine_class(spec.engine)()
    engine.load(spec, device)
    yield engine
    engine.unload()


def said(engine: Engine, spec: ModelSpec, *references: Reference) -> Samples:
    request = EngineRequest(TEXT, spec.voice or "", seed=5, references=references)
    return np.concatenate([audio.samples for audio in engine.stream(request)])


def assert_same(one: Samples, other: Samples) -> None:
    assert one.shape == other.shape and one.size
    np.testing.assert_allclose(one, other, atol=TOLERANCE * np.abs(one).max())


@pytest.mark.usefixtures("whole")
def test_it_says_what_the_processor_says(spec: ModelSpec, gpu: Gpu, caplog: pytest.LogCaptureFixture) -> None:
    with loaded(spec, "cpu") as engine:
        expected = said(engine, spec)
    with caplog.at_level(logging.WARNING), loaded(spec, "cuda") as engine:
        assert_same(expected, said(engine, spec))
        for _ in range(2):
            engine.park()
            engine.unpark()
            assert_same(expected, said(engine, spec))
    assert bool(gpu.replays) == bool(spec.parameters)
    assert not caplog.messages
