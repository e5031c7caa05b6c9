"""Words are found in audio without a model."""

from itertools import pairwise

import numpy as np
import pytest
from assets import Loaded
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.engines.base import EngineRequest
from wyoming_openspeakers.speech.words.align import align

TEXTS = (
    "The front door has been open for ten minutes.",
    "Please remember to take your medicine, drink a glass of water, and call your sister.",
    "Robert will be home at five thirty.",
    "Unfortunately the connection was interrupted, and the film stopped.",
)


@pytest.mark.slow
def test_finds_the_words_that_piper_tells_of(piper: Loaded) -> None:
    errors: list[float] = []
    for text in TEXTS:
        chunks = list(piper.engine.stream(EngineRequest(text, piper.voice)))
        told = [word for chunk in chunks for word in chunk.words]
        assert [word.text for word in told] == text.split()
        samples = np.concatenate([chunk.samples for chunk in chunks])
        found = align(text.split(), samples, chunks[0].rate)
        errors += [abs(start - word.start) for (start, _), word in zip(found, told, strict=True)]
    assert np.median(errors) < 0.04
    assert np.percentile(errors, 90) < 0.15


@pytest.mark.parametrize("gain", [1.0, 0.01])
def test_a_pause_lies_between_the_words_around_it(hibari: Loaded, gain: float) -> None:
    texts = "The kitchen window is open,", "my dear."
    parts = [hibari.say(EngineRequest(text, hibari.voice, seed=1)) for text in texts]
    pause = np.zeros(12_000, np.float32)
    samples = np.concatenate((parts[0], pause, parts[1])) * np.float32(gain)
    spans = align(" ".join(texts).split(), samples, 24_000)
    loud = np.flatnonzero(np.abs(samples) > 0.02 * gain) / 24_000
    widest = int(np.argmax(np.diff(loud)))
    assert spans[4][1] == pytest.approx(loud[widest], abs=0.15)
    assert spans[5][0] == pytest.approx(loud[widest + 1], abs=0.1)


def test_the_order_of_words_matters(hibari: Loaded) -> None:
    samples = hibari.say(EngineRequest("Sixteen cats eat ice.", hibari.voice, seed=1))
    long_first, short_first = align(["Sixteen", "ice."], samples, 24_000), align(["ice.", "Sixteen"], samples, 24_000)
    assert long_first[1][0] > short_first[1][0] + 0.1


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=12),
    st.integers(0, 30_000),
    st.sampled_from([8000, 22_050, 48_000]),
    st.sampled_from([0.0, 1e-6, 1.0, np.nan]),
)
def test_any_audio_and_any_words_give_times_in_order(words: list[str], length: int, rate: int, level: float) -> None:
    samples = (np.random.default_rng(1).standard_normal(length) * level).astype(np.float32)
    spans = align(words, samples, rate)
    assert len(spans) == len(words)
    assert all(0 <= start <= end <= length / rate + 1e-6 for start, end in spans)
    assert all(one[1] <= other[0] + 1e-6 for one, other in pairwise(spans))


def test_no_words_have_no_times() -> None:
    assert align([], np.zeros(100, np.float32), 24_000) == []
