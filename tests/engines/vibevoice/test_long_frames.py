"""Frames are those that the library's own loop makes, and nothing is waited for within one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_vibevoice
import torch
from assets import Loaded, load
from torch.utils._python_dispatch import TorchDispatchMode
from vibevoice_requests import FRAMES, HELLO, HOP, ask, family, recording, same

from wyoming_openspeakers.engines.base import ModelSpec, Reference, Samples
from wyoming_openspeakers.engines.torch.dpm_solver import steps_of
from wyoming_openspeakers.engines.vibevoice import VibeVoiceEngine
from wyoming_openspeakers.engines.vibevoice.long import VibeVoiceFamily
from wyoming_openspeakers.engines.vibevoice.prompt import Turn
from wyoming_openspeakers.engines.vibevoice.prompt_voices import OWN, Loudness, listen

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    folder = tiny_vibevoice.vibevoice(tmp_path_factory.mktemp("vibevoice"))
    loaded = load(ModelSpec("vibevoice", "vibevoice", (str(folder),), OWN[0], threads=1))
    yield loaded
    loaded.engine.unload()


class _AsItIs:
    """In the place of a processor of scores that the authors' own loop does not have.

    The library guides not only what is drawn, but also the choice of the next token, as it does for models of text.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        pass

    def __call__(self, tokens: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        return scores


class _Scheduler:
    """What the library wants to be given by another package."""

    timesteps = torch.zeros(0)
    _before: torch.Tensor | None = None

    def set_timesteps(self, num_inference_steps: int) -> None:
        self._steps, self._before = iter(steps_of(num_inference_steps)), None
        self.timesteps = torch.tensor([step.time for step in steps_of(num_inference_steps)])

    def step(self, velocity: torch.Tensor, time: torch.Tensor, latent: torch.Tensor) -> Any:
        step = next(self._steps)
        clean = step.clean(latent, velocity)
        made, self._before = step.next(latent, clean, self._before), clean
        return type("Made", (), {"prev_sample": made})


def by_library(model: VibeVoiceFamily, text: str, reference: Reference, most: int) -> tuple[Samples, list[int]]:
    """What the library's own loop says to the same prompt with the same noise, and in which tokens."""
    samples = Loudness()(listen(reference, 24_000))
    padded = np.pad(samples, (0, -samples.size % HOP))
    before, after = model._writer.voices([0])
    ids = [*before, *[0] * (padded.size // HOP), *after, *model._writer.script([Turn(0, text)])]
    torch.manual_seed(9)
    made = model._model.generate(
        input_ids=torch.tensor([ids]),
        attention_mask=torch.ones(1, len(ids), dtype=torch.long),
        input_values=torch.from_numpy(padded)[None, None],
        padding_mask=torch.ones(1, padded.size, dtype=torch.bool),
        sample=False,
        noise_scheduler=_Scheduler(),
        max_new_tokens=most,
        return_dict_in_generate=True,
    )
    sound = made.audio[0]
    said: list[int] = made.sequences[0, len(ids) :].tolist()
    return np.zeros(0, np.float32) if sound is None else sound.reshape(-1).numpy(), said


def with_its_noise(model: VibeVoiceFamily, patch: pytest.MonkeyPatch) -> None:
    def noises(seed: int | None) -> Iterator[torch.Tensor]:
        generator = torch.Generator().manual_seed(9)
        while True:
            yield torch.randn(2, 64, generator=generator)[0]

    patch.setattr(model._frames, "_noises", noises)


@pytest.fixture(autouse=True)
def quick_and_as_the_authors_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr("wyoming_openspeakers.engines.vibevoice.long.OWN_SECONDS", 0.8)
    name = "transformers.generation.utils.UnbatchedClassifierFreeGuidanceLogitsProcessor"
    monkeypatch.setattr(name, _AsItIs)


@pytest.mark.parametrize("most", [1, 24])
def test_says_what_the_library_says(loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    model, reference = family(loaded), recording(tmp_path, "tone", 200)
    theirs, _ = by_library(model, HELLO, reference, most)
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
        theirs, tokens = by_library(model, HELLO, reference, 40)
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


class _NoWaiting(TorchDispatchMode):  # type: ignore[misc]  # torch is not read whole
    """Fails where the processor would wait for a GPU to tell it a number."""

    def __torch_dispatch__(self, call: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        name = call.overloadpacket.__name__
        assert name not in ("_local_scalar_dense", "nonzero"), call
        # How many are true is not known before it was counted.
        places = arguments[1] if name.startswith("index") and isinstance(arguments[1], list) else []
        assert not any(isinstance(place, torch.Tensor) and place.dtype is torch.bool for place in places), call
        return call(*arguments, **(options or {}))


def test_nothing_is_waited_for_within_a_frame_and_nothing_moves(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = family(loaded)._frames
    frame, places = frames._frame, []

    def watched(*arguments: Any) -> torch.Tensor:
        cache, layers = frames._cache, frames.codec._said.layers.values()
        assert cache is not None and frames._choices is not None
        used = [cache._keys, cache._values, cache.places, frames._thoughts, frames._noise, frames._guidance]
        used += [frames._choices, arguments[1], *(layer.cache for layer in layers)]
        places.append([tensor.data_ptr() for tensor in used])
        with _NoWaiting():
            return frame(*arguments)

    loaded.say(ask())
    monkeypatch.setattr(frames, "_frame", watched)
    for seed in (1, 2):
        loaded.say(ask(most=3, seed=seed))
    # A graph of a frame would find all of it where it was.
    assert len(places) == 6 and all(each == places[0] for each in places)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_graphs_say_what_single_calls_say(tmp_path: Path) -> None:
    folder = tiny_vibevoice.vibevoice(tmp_path / "model")
    engine = VibeVoiceEngine()
    engine.load(ModelSpec("vibevoice", "vibevoice", (str(folder),), OWN[0]), "cuda")
    loaded = Loaded(engine, engine._spec, OWN[0])
    frames = family(loaded)._frames
    with_graphs = loaded.say(ask(most=30))
    assert frames._graphs._graphs
    engine.park()
    assert not frames._graphs._graphs and frames._cache is None
    engine.unpark()
    assert same(with_graphs, loaded.say(ask(most=30)))
    frames._graphs.forget()
    frames._graphs._can_capture = False
    assert same(with_graphs, loaded.say(ask(most=30)))
    engine.unload()
