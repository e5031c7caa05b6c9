"""Taking silence off the edges of a segment."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.speech.audio.trim import EdgeTrimmer

RATE = 1000
"""A sample is a millisecond."""


def trim(samples: np.ndarray, chunk: int) -> np.ndarray:
    trimmer = EdgeTrimmer(RATE, keep_ms=30, tail_ms=80, fade_ms=5)
    parts = [trimmer.feed(samples[start : start + chunk]) for start in range(0, len(samples), chunk)]
    return np.concatenate([*parts, trimmer.finish()])


def segment(lead: int, *inner: tuple[int, int], tail: int) -> np.ndarray:
    """Faint noise with speech in it: (length of speech, length of the pause after it)."""
    parts = [np.full(lead, 0.0005)]
    for speech, pause in inner:
        parts += [np.where(np.arange(speech) % 2, -0.5, 0.5), np.full(pause, 0.0005)]
    return np.concatenate([*parts, np.full(tail, 0.0005)]).astype(np.float32)


@pytest.mark.parametrize("chunk", [1, 7, 100, 10000])
def test_edges_are_cut_and_the_inside_is_left_alone(chunk: int) -> None:
    samples = segment(300, (200, 400), (100, 0), tail=500)

    trimmed = trim(samples, chunk)

    assert len(trimmed) == 30 + 200 + 400 + 100 + 80
    assert np.array_equal(trimmed[5:-5], samples[275 : 275 + len(trimmed) - 10])


@pytest.mark.parametrize("chunk", [1, 64, 10000])
def test_cut_edges_are_faded(chunk: int) -> None:
    trimmed = trim(segment(300, (200, 0), tail=500), chunk)

    assert trimmed[0] == trimmed[-1] == 0
    assert np.all(np.diff(trimmed[:6]) >= 0)
    assert np.all(np.diff(trimmed[-6:]) <= 0)


@pytest.mark.parametrize("chunk", [1, 64, 10000])
def test_short_edges_stay_bit_for_bit(chunk: int) -> None:
    samples = segment(30, (200, 0), tail=80)

    assert np.array_equal(trim(samples, chunk), samples)


def test_silence_alone_leaves_nothing() -> None:
    assert len(trim(segment(900, tail=0), 64)) == 0


def test_speech_is_not_held_back() -> None:
    trimmer = EdgeTrimmer(RATE)
    speech = segment(0, (100, 0), tail=0)

    assert len(trimmer.feed(speech)) == 100
    assert len(trimmer.feed(speech)) == 100


def test_a_chunk_that_is_used_again_does_no_harm() -> None:
    chunk = segment(0, (100, 200), tail=0)
    trimmer = EdgeTrimmer(RATE)
    first = trimmer.feed(chunk).copy()
    original = chunk.copy()
    chunk[:] = 1

    second = trimmer.feed(original)

    assert np.array_equal(np.concatenate((first, second))[:300], original)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 120), st.booleans()), max_size=8),
    st.lists(st.integers(1, 90), min_size=1, max_size=6),
)
def test_no_chunking_changes_the_result(runs: list[tuple[int, bool]], chunks: list[int]) -> None:
    samples = np.repeat([0.3 if loud else 0.0002 for _, loud in runs], [length for length, _ in runs]).astype(
        np.float32
    )
    trimmer = EdgeTrimmer(RATE)
    parts: list[np.ndarray] = []
    position = 0
    while position < len(samples):
        step = chunks[len(parts) % len(chunks)]
        parts.append(trimmer.feed(samples[position : position + step]))
        position += step
    parts.append(trimmer.finish())

    streamed = np.concatenate(parts)

    assert np.array_equal(streamed, trim(samples, len(samples) + 1))
    loud = np.abs(samples) > 0.001
    assert np.count_nonzero(np.abs(streamed) > 0.001) == np.count_nonzero(loud)
