"""Chunks come before the ones before them have played, and are as large as that allows."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.engines.codec_lm.pace import LARGEST, Pace

FRAME = 0.08


def chunks(speed: float, prompt: float = 0.1, frames: int = 200) -> list[tuple[float, int]]:
    """When each chunk comes and how large it is, from a model that makes so many seconds of speech a second."""
    now = [0.0]
    pace = Pace(FRAME, lambda: now[0])
    now[0] = prompt
    found: list[tuple[float, int]] = []
    said, size = 0, pace.size(0, 0)
    while said < frames:
        now[0] += size * FRAME / speed
        said += size
        found.append((now[0], size))
        size = pace.size(said, said)
    return found


@pytest.mark.parametrize("speed", [1.01, 1.25, 2.0, 10.0, 100.0])
def test_there_is_no_gap(speed: float) -> None:
    (first, size), *others = chunks(speed)
    plays_until = first + size * FRAME
    assert size == 1
    for comes, size in others:
        assert comes <= plays_until
        plays_until += size * FRAME


def test_a_fast_model_needs_few_runs_of_the_codec() -> None:
    sizes = [size for _, size in chunks(20.0)]
    assert max(sizes) == LARGEST
    assert len(sizes) < 200 / LARGEST + 5


def test_what_is_too_slow_is_handed_over_frame_by_frame() -> None:
    assert {size for _, size in chunks(0.7, frames=30)} == {1}
