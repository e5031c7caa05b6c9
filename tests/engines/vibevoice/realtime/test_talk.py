"""The port against a plain reading of what its author does: two passes, the library's caches, its head, its codec."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_vibevoice_realtime as tiny
import torch
import vibevoice_realtime_loop

from wyoming_openspeakers.engines.base import ModelSpec
from wyoming_openspeakers.engines.torch.folder import ModelFolder
from wyoming_openspeakers.engines.torch.graphs import Graphs
from wyoming_openspeakers.engines.torch.running import running
from wyoming_openspeakers.engines.vibevoice.realtime.parts import Parts, load_parts
from wyoming_openspeakers.engines.vibevoice.realtime.prompt import Prompt, read_prompt
from wyoming_openspeakers.engines.vibevoice.realtime.talk import Talk
from wyoming_openspeakers.engines.vibevoice.sound import Sound

pytestmark = pytest.mark.slow

SIZE = tiny.TINY

GUIDANCE = 1.5
STEPS = 5

TOLERANCE = 1e-3
"""Of the loudest: what is heard changes all that is said later, so that rounding adds up."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.realtime(tmp_path_factory.mktemp("realtime"), voices=["en-Carter_man"], dtype="float32")


@pytest.fixture(scope="module")
def parts(folder: Path) -> Parts:
    return load_parts(ModelFolder(folder), torch.float32)


@pytest.fixture(scope="module")
def prompt(folder: Path) -> Prompt:
    return read_prompt(folder / "voices" / "en-Carter_man.pt", ModelSpec("", ""), tiny.config())


@pytest.fixture(autouse=True)
def as_it_runs() -> Iterator[None]:
    with running(threads=1):
        yield


@pytest.mark.parametrize("count", [1, 4, 5, 13])
def test_it_says_what_the_authors_loop_says(parts: Parts, prompt: Prompt, count: int) -> None:
    chance = torch.Generator().manual_seed(3)
    words = torch.randint(1, 50, (count,), generator=chance)
    noises = torch.randn(20, SIZE.latent, generator=chance)
    whole, ends = vibevoice_realtime_loop.say(parts, prompt, words, noises, STEPS, GUIDANCE)

    talk = Talk(parts, prompt, count, 20, Graphs(None))
    # The second time in memory that was used before.
    for _ in range(2):
        talk.begin(prompt, GUIDANCE, STEPS)
        windows = iter(words.split(5))
        for number, noise in enumerate(noises.split(1)):
            if number % 6 == 0 and (window := next(windows, None)) is not None:
                talk.read(window)
            chunk = talk.say(noise).numpy()
            assert chunk.shape == (3200,)
            np.testing.assert_allclose(chunk, whole[3200 * number :][:3200], atol=TOLERANCE * np.abs(whole).max())
            assert talk.hear().item() == pytest.approx(ends[number], abs=TOLERANCE)


def test_the_codec_in_frames_is_the_codec_at_once(parts: Parts) -> None:
    latents = torch.randn(9, SIZE.latent, generator=torch.Generator().manual_seed(5))
    whole = parts.decoder(parts.to_codec(latents).T[None]).audio.reshape(-1).numpy()
    sound = Sound(parts.decoder)
    said = np.concatenate([sound.of(parts.to_codec(latent)).numpy() for latent in latents.split(1)])
    np.testing.assert_allclose(said, whole, atol=1e-4 * np.abs(whole).max())


def test_text_that_is_read_later_changes_nothing_before(parts: Parts, prompt: Prompt) -> None:
    noises = torch.randn(8, 1, SIZE.latent, generator=torch.Generator().manual_seed(6))
    talk = Talk(parts, prompt, 10, 8, Graphs(None))

    def said(more: torch.Tensor) -> list[torch.Tensor]:
        talk.begin(prompt, GUIDANCE, STEPS)
        chunks = []
        for number, noise in enumerate(noises):
            if number % 6 == 0:
                talk.read(torch.arange(1, 6) if number == 0 else more)
            chunks.append(talk.say(noise).clone())
            talk.hear()
        return chunks

    one, other = said(torch.arange(1, 6)), said(torch.arange(11, 16))
    torch.testing.assert_close(one[:6], other[:6], rtol=0, atol=1e-4)
    assert (one[6] - other[6]).abs().max() > 1e-3


def test_a_talk_fits_until_a_text_is_longer_or_the_weights_move(folder: Path, prompt: Prompt) -> None:
    parts = load_parts(ModelFolder(folder), torch.float32)
    talk = Talk(parts, prompt, 10, 2000, Graphs(None))
    assert talk.fits(prompt, 10, 2000) and not talk.fits(prompt, 10, 3000)
    parts.kinds.weight.data = parts.kinds.weight.data.clone()
    assert not talk.fits(prompt, 10, 2000)


def test_it_sounds_alike_in_sixteen_bits(folder: Path, parts: Parts, prompt: Prompt) -> None:
    noise = torch.randn(1, SIZE.latent, generator=torch.Generator().manual_seed(7))
    said = []
    for kind in (parts, load_parts(ModelFolder(folder), torch.bfloat16)):
        talk = Talk(kind, prompt, 5, 1, Graphs(None))
        talk.begin(prompt, GUIDANCE, STEPS)
        talk.read(torch.arange(1, 6))
        said.append(talk.say(noise).float())
        assert talk.hear().item() < 0
    one, other = said
    assert torch.nn.functional.cosine_similarity(one, other, dim=0) > 0.98
