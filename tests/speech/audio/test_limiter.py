"""The guard for peaks."""

import numpy as np
import pytest

from wyoming_openspeakers.speech.audio.limiter import KNEE, limit_peaks


def test_below_the_knee_every_bit_stays() -> None:
    samples = np.linspace(-KNEE, KNEE, 10001, dtype=np.float32)

    assert np.array_equal(limit_peaks(samples), samples)


def test_quiet_samples_next_to_a_peak_stay() -> None:
    limited = limit_peaks(np.array([0.5, 3, -0.25], np.float32))

    assert limited[[0, 2]].tolist() == [0.5, -0.25]


def test_peaks_stay_within_full_scale_in_order_and_symmetric() -> None:
    samples = np.linspace(-4, 4, 80001, dtype=np.float32)

    limited = limit_peaks(samples)

    assert np.abs(limited).max() <= 1
    assert np.all(np.diff(limited) >= 0)
    assert np.array_equal(limited, -limited[::-1])


def test_the_curve_has_no_corner() -> None:
    samples = np.linspace(0.85, 0.95, 1001, dtype=np.float64).astype(np.float32)

    slope = np.gradient(limit_peaks(samples).astype(np.float64), samples.astype(np.float64))

    assert np.abs(np.diff(slope)).max() < 0.02
    assert slope[0] == pytest.approx(1, abs=0.01)


def test_the_input_stays_as_it_was() -> None:
    samples = np.array([2, 0.1], np.float32)

    limit_peaks(samples)

    assert samples.tolist() == pytest.approx([2, 0.1])
