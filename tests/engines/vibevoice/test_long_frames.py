"""Frames are those that the library's own loop makes, and nothing is waited for within one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_vibevoice
import torch
import vibevoice_library_loop
from assets import Loaded, load
from vibevoice_requests import FRAMES, HELLO, HOP, ask, family, recording, same

from wyoming_openspeakers.engines.base import ModelSpec
from wyoming_openspeakers.engines.vibevoice.long import VibeVoiceFamily
from wyoming_openspeakers.engines.vibevoice.prompt_voices import OWN

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick")]


def with_its_noise(model: VibeVoiceFamily, patch: pytest.MonkeyPatch) -> None:
    def noises(seed: int | None) -> Iterator[torch.Tensor]:
        generator = torch.Generator().manual_seed(9)
        while True:
            yield torch.randn(2, 64, generator=generator)[0]

    patch.setattr(model._frames, "_noises", noises)


@pytest.fixture(autouse=True)
def as_the_authors_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "transformers.generation.utils.UnbatchedClassifierFreeGuidanceLogitsProcessor"
    monkeypatch.setattr(name, vibevoice_library_loop.AsItIs)


@pytest.mark.parametrize("most", [1, 24])
def test_says_what_the_library_says(loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    model, reference = family(loaded), recording(tmp_path, "tone", 200)
    torch.manual_seed(9)
    theirs, _ = vibevoice_library_loop.say(model, HELLO, reference, most)
    with_its_noise(model, monkeypatch)
    chunks = [audio.samples for audio in loaded.engine.stream(ask(most=most, references=(reference,)))]
    assert [chunk.size for chunk in chunks] == [HOP] * most
    assert same(theirs, np.concatenate(chunks))


def test_ends_and_begins_anew_where_the_library_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tiny_vibevoice.vibevoice(tmp_path / "model", ends=True)
    loaded = load(ModelSpec("vibevoice", "vibevoice", (str(folder),), OWN[0], threads=1))
    model = family(loaded)
    with_its_noise(model, monkeypatch)
    kinds = set()
    reference = recording(tmp_path, "tone", 200, 0.4)
    for number in range(6):
        generator = torch.Generator().manual_seed(number)
        model._model.lm_head.weight[:4] = torch.randn(4, 64, generator=generator)
        model._frames.rest()
        torch.manual_seed(9)
        theirs, tokens = vibevoice_library_loop.say(model, HELLO, reference, 40)
        ours = loaded.say(ask(most=40, references=(reference,)))
        assert ours.size == HOP * tokens.count(0), tokens
        assert same(theirs, ours), tokens
        kinds.update(tokens)
    assert kinds == {0, 1, 2, 3}
    loaded.engine.unload()


def test_speaks_in_halves_as_on_a_gpu(tmp_path: Path, loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = recording(tmp_path, "tone", 200)
    fine = loaded.say(ask(most=1, references=(reference,)))
    monkeypatch.setattr(VibeVoiceFamily, "dtype", torch.bfloat16)
    coarse = load(loaded.spec)
    assert family(coarse)._model.dtype is torch.bfloat16
    said = coarse.say(ask(references=(reference,)))
    coarse.engine.unload()
    assert said.dtype == np.float32 and said.size == FRAMES * HOP and np.isfinite(said).all()
    assert np.corrcoef(said[:HOP], fine)[0, 1] > 0.99
