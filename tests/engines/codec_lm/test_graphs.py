"""Each of the models says with captured steps what it says without, and speaks on where no step can be captured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_codec_models
import tiny_dia
import tiny_higgs
import tiny_models
from assets import Loaded, load

from wyoming_openspeakers.engines.base import EngineRequest, ModelSpec
from wyoming_openspeakers.engines.codec_lm import CodecLmEngine
from wyoming_openspeakers.engines.torch.graphs import Graphs, Work

pytestmark = pytest.mark.slow

MODELS: dict[str, tuple[Callable[[Path], Path], EngineRequest]] = {
    "orpheus": (tiny_codec_models.orpheus, EngineRequest("Hello.", "tara", seed=5, parameters={"max_tokens": 70})),
    "dia": (tiny_dia.dia, EngineRequest("Hello.", "default", seed=5, parameters={"max_frames": 14})),
    "csm": (tiny_models.csm, EngineRequest("Hello.", "default", seed=5, parameters={"max_frames": 10})),
    "higgs": (tiny_higgs.higgs, EngineRequest("Hello.", "default", seed=5, parameters={"max_frames": 10})),
}


@pytest.fixture(params=MODELS)
def spoken(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Loaded, EngineRequest]]:
    make, asked = MODELS[request.param]
    folder = make(tmp_path / "model")
    loaded = load(ModelSpec(request.param, "codec_lm", (str(folder),), asked.voice, threads=1))
    yield loaded, asked
    loaded.engine.unload()


def decoders_of(loaded: Loaded) -> list[Any]:
    """All that goes on step by step."""
    assert isinstance(loaded.engine, CodecLmEngine)
    model: Any = loaded.engine._model
    if hasattr(model, "_frames"):
        return [model._frames._backbone, model._frames._depth]
    return [model._decoder if hasattr(model, "_decoder") else model._backbone]


@pytest.mark.parametrize("can_capture", [True, False], ids=["captured", "failing"])
def test_it_says_the_same(
    spoken: tuple[Loaded, EngineRequest],
    can_capture: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    loaded, asked = spoken
    expected = loaded.say(asked)
    captured: list[Work] = []

    def capture(work: Work) -> Work:
        if not can_capture:
            raise RuntimeError("operation not permitted when stream is capturing")
        captured.append(work)
        # Done at the same addresses, only not by a graph.
        return work

    graphs = Graphs(capture)
    for decoder in decoders_of(loaded):
        decoder.rest()
        monkeypatch.setattr(decoder, "_graphs", graphs)
    for _ in range(2):
        np.testing.assert_allclose(loaded.say(asked), expected, atol=1e-4 * np.abs(expected).max())
    assert bool(captured) == can_capture
    # One warning, and none for each step.
    assert len(caplog.messages) == (0 if can_capture else 1)
    assert all("not permitted" in line for line in caplog.messages)
