"""Chunks come before the ones before them have played, and are as large as that allows."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.engines.codec_lm.pace import LARGEST, Pace

FRAME = 0.08
THREE = 3
"""Frames that are about a quarter of a second."""

Chunks = list[tuple[float, int]]


def chunks(speed: float, prompt: float = 0.1, frames: int = 200, *, run: float = 0, held_up: int = -1) -> Chunks:
    """When each chunk comes and how large it is, from a model that makes so many seconds of speech a second.

    A run of the codec takes `run` seconds more. The frame of the number `held_up` takes a second more.
    """
    now = [0.0]
    pace = Pace(FRAME, lambda: now[0])
    now[0] = prompt
    found: Chunks = []
    said, size = 0, pace.size(0, 0)
    while said < frames:
        now[0] += size * FRAME / speed + run + (said <= held_up < said + size)
        said += size
        found.append((now[0], size))
        size = pace.size(said, said)
    return found


def silence(chunks: Chunks) -> tuple[float, int]:
    """How long there is nothing to hear after the first chunk, and how often."""
    (ends, _), *_ = chunks
    gaps = []
    for comes, size in chunks:
        if comes > ends + 1e-9:
            gaps.append(comes - ends)
        ends = max(comes, ends) + size * FRAME
    return sum(gaps), len(gaps)


@pytest.mark.parametrize("speed", [1.01, 1.25, 2.0, 10.0, 100.0])
def test_there_is_no_gap(speed: float) -> None:
    said = chunks(speed)
    assert said[0][1] == 1
    assert silence(said) == (0, 0)


def test_a_fast_model_needs_few_runs_of_the_codec() -> None:
    sizes = [size for _, size in chunks(20.0)]
    assert max(sizes) == LARGEST
    assert len(sizes) < 200 / LARGEST + 5


def test_what_is_too_slow_is_handed_over_by_a_few_frames() -> None:
    said = chunks(0.7, frames=30)
    # It takes two frames that come too late to be sure of it.
    assert [size for _, size in said] == [1, 1, 1, *[THREE] * 9]
    assert said[0] == chunks(0.7, frames=1)[0]


@pytest.mark.parametrize(("speed", "run", "most"), [(1.5, 0.05, 0.2), (1.2, 0.02, 0.2), (0.8, 0.05, 2.6)])
def test_there_is_less_silence_where_runs_of_the_codec_are_what_is_too_slow(
    speed: float, run: float, most: float
) -> None:
    one_by_one = silence([(0.1 + number * (FRAME / speed + run), 1) for number in range(1, 63)])
    ours = silence(chunks(speed, frames=62, run=run))
    assert ours[0] < most and ours[0] < one_by_one[0] * 0.75
    assert ours[1] <= one_by_one[1] / 2.5


@pytest.mark.parametrize("speed", [1.05, 1.5, 4.0])
@pytest.mark.parametrize("held_up", [1, 2, 40])
def test_what_is_fast_enough_goes_on_by_single_frames_when_it_was_held_up_once(speed: float, held_up: int) -> None:
    # Nothing is late but what was held up.
    assert silence(chunks(speed, held_up=held_up))[1] <= 1


def test_short_frames_are_handed_over_together_for_as_long_a_time() -> None:
    now = [0.0]
    pace = Pace(0.04, lambda: now[0])
    sizes = []
    said = 0
    for _ in range(5):
        size = pace.size(said, said)
        now[0] += size * 0.06
        said += size
        sizes.append(size)
    assert sizes == [1, 1, 1, 6, 6]
