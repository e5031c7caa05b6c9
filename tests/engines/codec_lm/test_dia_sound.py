"""Dia's frames sound in chunks as in one run of the library's codec."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_dia
import torch

from wyoming_openspeakers.engines.base import Samples
from wyoming_openspeakers.engines.codec_lm.dac import Dac, load_dac
from wyoming_openspeakers.engines.codec_lm.dia_sound import DiaSound
from wyoming_openspeakers.engines.torch.family import to_samples
from wyoming_openspeakers.engines.torch.folder import ModelFolder

pytestmark = pytest.mark.slow

FRAMES = 48
CODES = np.random.default_rng(1).integers(0, 1024, (FRAMES, 9)).tolist()
CPU = torch.device("cpu")
SIZES = ([1] * FRAMES, [11, 1, 2, 3, 5, 8, 12, 6, 0], [FRAMES], [1], [2, 1], [1, 0], [1, 5, 4], [4] * 12)


@pytest.fixture(scope="module")
def codec(tmp_path_factory: pytest.TempPathFactory) -> Dac:
    # For so small a model other threads are only waited for.
    torch.set_num_threads(1)
    return load_dac(ModelFolder(tiny_dia.dac(tmp_path_factory.mktemp("dac"))))


def in_chunks(codec: Dac, sizes: list[int]) -> list[Samples]:
    """The last chunk of frames is the last of all."""
    stream = DiaSound(codec, CPU)
    *ends, last = itertools.accumulate(sizes)
    with torch.no_grad():
        chunks = [stream.push(CODES[begin:end]) for begin, end in itertools.pairwise([0, *ends])]
        return [*chunks, stream.finish(CODES[ends[-1] if ends else 0 : last])]


def at_once(codec: Dac, codes: list[list[int]]) -> Samples:
    with torch.no_grad():
        return to_samples(codec.module.decode(audio_codes=torch.tensor(codes).T[None]).audio_values)


@pytest.mark.parametrize("sizes", SIZES)
def test_chunks_sound_as_the_library_in_one_run(codec: Dac, sizes: list[int]) -> None:
    whole = at_once(codec, CODES[: sum(sizes)])
    assert whole.shape == (sum(sizes) * 512,) and whole.std() > 0.01
    np.testing.assert_allclose(np.concatenate(in_chunks(codec, sizes)), whole, atol=1e-5)


def test_all_that_is_known_is_heard(codec: Dac) -> None:
    """The frames of each chunk but the last, and those that it has to know besides."""
    sizes = [codec.reach + 1, 2, 3, 4, 4, 12, 6]
    chunks = in_chunks(codec, sizes)
    heard, known = np.cumsum([chunk.size for chunk in chunks]) / 512, np.cumsum(sizes) - codec.reach
    assert all(count <= frames < count + 1 for count, frames in zip(known[:-1], heard[:-1], strict=True))


def test_few_frames_wait_for_others_while_there_is_something_to_hear(codec: Dac) -> None:
    chunks = in_chunks(codec, [codec.reach + 1, *[1] * 20])
    assert [place for place, chunk in enumerate(chunks) if chunk.size] == [0, 2, 5, 9, 13, 17, 20]


def test_no_frames_are_no_sound(codec: Dac) -> None:
    assert DiaSound(codec, CPU).finish([]).size == 0


def test_it_waits_for_just_as_many_frames_as_a_sound_depends_on(codec: Dac) -> None:
    """One code is another one, far from both ends: where the sound changes is how far it reaches."""
    other = [list(codes) for codes in CODES]
    other[24] = [(code + 500) % 1024 for code in other[24]]
    changed = np.flatnonzero(at_once(codec, CODES) != at_once(codec, other))
    assert 24 - codec.reach == changed[0] // 512 and changed[-1] // 512 == 24 + codec.reach == 34
