"""The network says what the author's package says of the same weights, phases and noise."""

from __future__ import annotations

import importlib
import importlib.util
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import tiny_kokoro

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

from wyoming_openspeakers.engines.control import Cancelled
from wyoming_openspeakers.engines.kokoro_torch import layers
from wyoming_openspeakers.engines.kokoro_torch.checkpoint import unpickled
from wyoming_openspeakers.engines.kokoro_torch.network import Network
from wyoming_openspeakers.engines.kokoro_torch.prosody import Prosody
from wyoming_openspeakers.engines.torch.running import running

PHRASE = "hɛlˈO, wˈɜɹld! kˈɑt ən dˈɔɡ."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_kokoro.kokoro(tmp_path_factory.mktemp("kokoro"))


def say(
    folder: Path, *, speed: float = 1.0, seed: int = 1, phrase: str = PHRASE, **options: Any
) -> Any:
    import torch

    config = json.loads((folder / "config.json").read_text("utf-8"))
    tensors = unpickled(folder / "kokoro-v1_0.pth")
    ids = [config["vocab"][letter] for letter in phrase if letter in config["vocab"]]
    with running(1):
        generator = torch.Generator().manual_seed(seed)
        return Network(config, tensors).sound(ids, style_of(5), speed, generator, **options).numpy()


def style_of(seed: int) -> Any:
    import torch

    return torch.randn(1, 256, generator=torch.Generator().manual_seed(seed)) / 4


@pytest.mark.slow
def test_a_seed_makes_it_sound_the_same_and_another_does_not(folder: Path) -> None:
    first, again, other = say(folder), say(folder), say(folder, seed=2)
    assert first.size > 20_000 and np.array_equal(first, again)
    assert first.shape == other.shape and not np.allclose(first, other, atol=1e-4)


def test_faster_is_shorter(folder: Path) -> None:
    assert say(folder, speed=2.0).size < 0.75 * say(folder).size


def test_lets_go_between_two_layers(folder: Path) -> None:
    asked = 0

    def check() -> None:
        nonlocal asked
        asked += 1
        if asked == 50:
            raise Cancelled

    with pytest.raises(Cancelled):
        say(folder, check=check)
    assert asked == 50


@pytest.mark.slow
def test_long_convolutions_are_made_in_slices(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = say(folder)
    monkeypatch.setattr(layers, "SLICE", 257)
    assert np.abs(say(folder) - whole).max() < 1e-4 * np.abs(whole).max()


@pytest.fixture
def kokoro_model() -> Iterator[Any]:
    """The class of the author's package, without what turns text into phonemes, which wants much more."""
    found = importlib.util.find_spec("kokoro")
    if found is None or not found.submodule_search_locations:
        pytest.skip("kokoro is not installed: pip install --no-deps kokoro")
    package = ModuleType("kokoro")
    package.__path__ = list(found.submodule_search_locations)
    before = {name for name in sys.modules if name.partition(".")[0] in ("kokoro", "loguru")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "kokoro", package)
        if importlib.util.find_spec("loguru") is None:
            quiet: Any = ModuleType("loguru")
            quiet.logger = logging.getLogger("kokoro")
            patch.setitem(sys.modules, "loguru", quiet)
        yield importlib.import_module("kokoro.model").KModel
    for name in {name for name in sys.modules if name.partition(".")[0] in ("kokoro", "loguru")} - before:
        del sys.modules[name]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:dropout option adds dropout:UserWarning", "ignore:.*weight_norm:FutureWarning")
@pytest.mark.parametrize("speed", [1.0, 1.3])
def test_says_what_the_authors_package_says(
    kokoro_model: Any, tmp_path: Path, speed: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    # Its sizes are fixed in its code.
    folder = tiny_kokoro.kokoro(tmp_path, hidden=512, inner=1024, reminder=64, voices=())
    files = {"config": str(folder / "config.json"), "model": str(folder / "kokoro-v1_0.pth")}
    theirs = kokoro_model(repo_id="none", **files).eval()
    curves: list[Any] = []
    melody, sung = theirs.predictor.F0Ntrain, Prosody.melody

    def theirs_sung(*given: Any) -> tuple[Any, ...]:
        curves.extend(melody(*given))
        return tuple(curves)

    monkeypatch.setattr(theirs.predictor, "F0Ntrain", theirs_sung)

    def sung_alike(prosody: Prosody, told: Any, style: Any) -> tuple[Any, ...]:
        """The author's pitch, where our own is the same but for rounding, which phases would make more of."""
        for own, curve in zip(sung(prosody, told, style), curves, strict=True):
            assert (own[0] - curve).abs().max() < 1e-5 * curve.abs().max()
        return tuple(curve[None] for curve in curves)

    monkeypatch.setattr(Prosody, "melody", sung_alike)
    # The same noise for both, in the same order.
    generator = torch.Generator().manual_seed(1)
    monkeypatch.setattr(torch, "randn_like", lambda like: torch.randn(like.shape, generator=generator))
    with running(1):
        expected = theirs(PHRASE, style_of(5), speed).numpy()
    made = say(folder, speed=speed)
    assert made.shape == expected.shape and float(np.abs(expected).max()) > 0.01
    assert np.abs(made - expected).max() < 1e-3 * np.abs(expected).max()
