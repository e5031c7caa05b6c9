"""How recordings are judged, trimmed and brought to one level."""

from __future__ import annotations

import numpy as np
import pytest
from recordings import Samples, speech

from wyoming_openspeakers.models.profiles.decoding import RATE, Decoded, Refused
from wyoming_openspeakers.models.profiles.quality import Checked, check


def judged(samples: Samples, clipped: float = 0.0, rate: int = 44_100) -> Checked:
    return check(Decoded(samples, rate, clipped))


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.02, 0.1, 0.6])
@pytest.mark.parametrize("seconds", [3, 20])
def test_loudness_is_that_of_the_standard(seconds: float, level: float) -> None:
    checked = judged(speech(seconds, RATE, level=level, noise=level / 1000))
    meter = pytest.importorskip("pyloudnorm").Meter(RATE)
    kept = meter.integrated_loudness(checked.samples.astype(np.float64))
    assert kept == pytest.approx(-20, abs=0.4)


def test_the_loudness_that_is_told_is_that_of_the_recording() -> None:
    quiet, loud = (judged(speech(8, RATE, level=level, noise=0)).loudness for level in (0.05, 0.5))
    assert loud - quiet == pytest.approx(20, abs=0.1)


def test_peaks_stay_below_full_scale() -> None:
    samples = speech(6, RATE, level=0.02).copy()
    samples[RATE : RATE + 3] = 0.9
    assert np.abs(judged(samples).samples).max() <= 0.951


def test_silence_around_speech_is_cut_but_for_a_breath() -> None:
    spoken = speech(6, RATE, noise=0.0001)
    long = judged(np.concatenate((silence(3), spoken, silence(4))))
    assert len(long.samples) / RATE == pytest.approx(5.9 + 0.2, abs=0.2)


def test_a_click_before_speech_is_not_speech() -> None:
    samples = np.concatenate((silence(3), speech(6, RATE, noise=0)))
    samples[1000:1040] = 0.5
    assert len(judged(samples).samples) / RATE < 6.5


def test_a_constant_offset_is_taken_out() -> None:
    assert abs(float(judged(speech(8, RATE) + np.float32(0.1)).samples.mean())) < 0.01


def test_a_good_recording_has_no_warnings() -> None:
    assert judged(speech(12, RATE)).warnings == ()


@pytest.mark.parametrize(
    ("checked", "word"),
    [
        (lambda: judged(speech(4, RATE)), "only"),
        (lambda: judged(speech(12, RATE, level=0.02, noise=0)), "quiet"),
        (lambda: judged(speech(12, RATE, noise=0.05)), "noise"),
        (lambda: judged(speech(12, RATE), clipped=0.01), "overdriven"),
        (lambda: judged(speech(12, RATE), rate=8000), "telephone"),
        (lambda: judged(np.concatenate((speech(6, RATE), silence(20), speech(6, RATE)))), "pauses"),
    ],
)
def test_what_could_be_better_is_told(checked, word) -> None:  # type: ignore[no-untyped-def]
    assert word in " ".join(checked().warnings)


def test_too_much_clipping_is_refused() -> None:
    with pytest.raises(Refused, match="overdriven"):
        judged(speech(12, RATE), clipped=0.2)
