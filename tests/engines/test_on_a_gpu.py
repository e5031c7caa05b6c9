"""Every engine on torch speaks on a GPU that is pretended: nothing stays with the host, or is used too early."""

from __future__ import annotations

import importlib
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import torch
from engine_subjects import FAMILIES, SUBJECTS
from recordings import speech, wav
from safetensors.torch import load_file, save_file

if not hasattr(torch._C, "_acc"):
    pytest.skip("this torch cannot be told of a device that is not there", allow_module_level=True)

from pretend_cuda import Gpu
from pretend_gpu import pretended

from wyoming_openspeakers.engines.base import Engine, EngineRequest, ModelSpec, Reference, Samples, engine_class
from wyoming_openspeakers.engines.codec_lm import pace
from wyoming_openspeakers.engines.codec_lm.dia import DiaFamily
from wyoming_openspeakers.engines.torch import graphs
from wyoming_openspeakers.engines.torch.family import Family
from wyoming_openspeakers.engines.vibevoice import long

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

HALVES = ("orpheus", "dia", "higgs", "vibevoice", "vibevoice realtime")
"""Those that a GPU speaks with in 16 bits."""

CLONING = {"pocket": "", "csm": "Good day.", "dia": "[S1] Good day to you.", "higgs": "Good day.", "vibevoice": ""}
"""What is said in the recording that they go on from."""

WAITS = {"pocket": 2, "orpheus": 1, "csm": 1, "dia": 0.4, "higgs": 1, "vibevoice": 1, "vibevoice realtime": 0}
"""How often the host waits in a frame at most, where each is heard at once; the GPU has nothing to do meanwhile."""

TEXT = "Good morning to you."
TOLERANCE = 1e-3
"""Of the loudest sample: a graph looks at all places with a mask, and sums in another order."""


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gpu]:
    # What a voice of VibeVoice's own making says first is as good when it is short.
    monkeypatch.setattr(long, "OWN_SECONDS", 0.5)
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
    # The library remembers its answer, here as after it.
    is_there = importlib.import_module("transformers.utils.import_utils").is_g2p_en_available
    is_there.cache_clear()
    yield spec_of(request.param, tmp_path)
    sys.modules.pop("g2p_en", None)
    is_there.cache_clear()


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
    request = EngineRequest(TEXT, spec.voice or "", seed=5, references=references, parameters=spec.parameters)
    return np.concatenate([audio.samples for audio in engine.stream(request)])


def weights_of(engine: Any) -> list[torch.Tensor]:
    return list(engine._weights._weights())


def halved(spec: ModelSpec, dtype: torch.dtype) -> None:
    """Have the model's files as they are published."""
    folder = Path(spec.paths[0])
    for file in folder.glob("*.safetensors"):
        weights = {name: weight.to(dtype) for name, weight in load_file(file).items()}
        save_file(weights, file, {"format": "pt"})
    config = folder / "config.json"
    name = str(dtype).removeprefix("torch.")
    config.write_text(json.dumps({**json.loads(config.read_text("utf-8")), "dtype": name, "torch_dtype": name}))


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


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize("name", CLONING)
def test_it_goes_on_from_a_recording(name: str, gpu: Gpu, tmp_path: Path) -> None:
    spec, file = spec_of(name, tmp_path), tmp_path / "somebody.wav"
    rate = engine_class(spec.engine).voices(spec)[0].rate
    file.write_bytes(wav(speech(1.5, rate), rate))
    somebody = Reference(str(file), "somebody", CLONING[name])
    with loaded(spec, "cpu") as engine:
        expected = said(engine, spec, somebody)
    with loaded(spec, "cuda") as engine:
        # Of the recording anew, of what is kept of it, and of what is kept after the weights have moved.
        for _ in range(2):
            assert_same(expected, said(engine, spec, somebody))
        engine.park()
        engine.unpark()
        assert_same(expected, said(engine, spec, somebody))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("name", HALVES)
def test_it_speaks_in_16_bits(
    name: str,
    dtype: torch.dtype,
    gpu: Gpu,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = spec_of(name, tmp_path)
    halved(spec, dtype)
    # Older GPUs know one kind.
    generation = 9 if dtype == torch.bfloat16 else 7
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device=None: (generation, 0))
    with caplog.at_level(logging.WARNING), loaded(spec, "cuda") as engine:
        assert dtype in {weight.dtype for weight in weights_of(engine)}
        heard = said(engine, spec)
        assert heard.size and np.isfinite(heard).all() and np.abs(heard).max() > 1e-3
        engine.park()
        engine.unpark()
        assert_same(heard, said(engine, spec))
    assert gpu.replays and not caplog.messages


def end_after_four_frames(weights: dict[str, torch.Tensor]) -> None:
    """Have the end of the first codebook come like one of its codes, and more surely."""
    head = weights["audio_lm_head.weight"]
    head[1025] = head[7] * 4


def end_at_once(weights: dict[str, torch.Tensor]) -> None:
    """Have each frame be the last."""
    weights["tts_eos_classifier.fc2.bias"] += 20


ENDS = {"higgs": (4 * 960, end_after_four_frames), "vibevoice realtime": (3200, end_at_once)}
"""How many samples are said with which weights."""


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize("name", ENDS)
def test_it_stops_where_the_processor_does(name: str, gpu: Gpu, tmp_path: Path) -> None:
    spec = spec_of(name, tmp_path)
    samples, change = ENDS[name]
    file = Path(spec.paths[0]) / "model.safetensors"
    weights = load_file(file)
    change(weights)
    save_file(weights, file, {"format": "pt"})
    with loaded(spec, "cpu") as engine:
        expected = said(engine, spec)
    assert expected.size == samples
    with loaded(spec, "cuda") as engine:
        # What it was ahead with does not disturb the next text.
        for _ in range(3):
            assert_same(expected, said(engine, spec))


@pytest.mark.parametrize("name", WAITS)
def test_a_frame_waits_no_more_often_than_it_must(
    name: str, gpu: Gpu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "LARGEST", 1)
    spec = spec_of(name, tmp_path)
    ((most, length),) = spec.parameters.items()
    frames = length // (7 if name == "orpheus" else 1)
    with loaded(spec, "cuda") as engine:
        counts = []
        for times in (1, 1, 2):
            gpu.waits.clear()
            said(engine, replace(spec, parameters={most: times * length}))
            counts.append(gpu.waits.total())
    # The first time it is captured, too.
    assert (counts[2] - counts[1]) / frames <= WAITS[name], gpu.waits
