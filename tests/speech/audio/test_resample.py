"""Changing the sample rate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.speech.audio.resample import Resampler

RATES = (8000, 16000, 22050, 24000, 44100, 48000)


def tone(rate: int, length: int) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(length) / rate)).astype(np.float32)


def resample(samples: np.ndarray, source: int, target: int, chunk: int) -> np.ndarray:
    resampler = Resampler(source, target)
    parts = [resampler.feed(samples[start : start + chunk]) for start in range(0, len(samples), chunk)]
    return np.concatenate([*parts, resampler.finish()])


def test_equal_rates_change_nothing() -> None:
    samples = tone(24000, 1000)

    assert np.array_equal(resample(samples, 24000, 24000, 99), samples)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(RATES), st.sampled_from(RATES), st.integers(0, 9000), st.integers(1, 4000))
def test_the_length_is_exact_to_a_sample(source: int, target: int, length: int, chunk: int) -> None:
    resampled = resample(tone(source, length), source, target, max(chunk, length // 50 + 1))

    assert abs(len(resampled) - length * target / source) <= 1


@pytest.mark.parametrize("source", RATES)
@pytest.mark.parametrize("target", RATES)
def test_a_tone_stays_that_tone(source: int, target: int) -> None:
    resampled = resample(tone(source, source // 2), source, target, source // 50)

    inner = slice(target // 10, -target // 10)
    assert np.allclose(resampled[inner], tone(target, target // 2)[: len(resampled)][inner], atol=1e-3)


@pytest.mark.parametrize("target", [16000, 22050, 48000])
def test_little_is_held_back(target: int) -> None:
    resampler = Resampler(24000, target)

    out = sum(len(resampler.feed(tone(24000, 240))) for _ in range(100))

    assert 1 - out / target < 0.05
