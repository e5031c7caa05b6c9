"""The loudness meter against the standard."""

import numpy as np
import pytest

from wyoming_openspeakers.speech.audio.loudness import LoudnessMeter

RATES = (8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000)


def sine(rate: int, seconds: float, decibels: float, hertz: float = 997) -> np.ndarray:
    time = np.arange(round(rate * seconds)) / rate
    return (10 ** (decibels / 20) * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def measure(rate: int, *parts: np.ndarray) -> float | None:
    meter = LoudnessMeter(rate)
    for part in parts:
        meter.feed(part)
    return meter.integrated()


@pytest.mark.parametrize("rate", RATES)
def test_a_full_scale_sine_reads_minus_three(rate: int) -> None:
    assert measure(rate, sine(rate, 3, 0)) == pytest.approx(-3.01, abs=0.01)


def filtered(samples: np.ndarray, b: tuple[float, ...], a: tuple[float, ...]) -> np.ndarray:
    """The standard's recursive filter, as it is written there."""
    out = np.zeros(len(samples))
    x1 = x2 = y1 = y2 = 0.0
    for index, x0 in enumerate(samples.tolist()):
        y0 = b[0] * x0 + b[1] * x1 + b[2] * x2 - a[0] * y1 - a[1] * y2
        x2, x1, y2, y1 = x1, x0, y1, y0
        out[index] = y0
    return out


def test_agrees_with_the_recursive_filters() -> None:
    random = np.random.default_rng(3)
    samples = (np.cumsum(random.normal(0, 0.05, 48000)).clip(-1, 1) + random.normal(0, 0.02, 48000)).astype(np.float32)
    weighted = filtered(
        samples, (1.53512485958697, -2.69169618940638, 1.19839281085285), (-1.69065929318241, 0.73248077421585)
    )
    weighted = filtered(weighted, (1, -2, 1), (-1.99004745483398, 0.99007225036621))
    energies = np.array([np.mean(weighted[start : start + 19200] ** 2) for start in range(0, 28801, 4800)])
    gate = 10 ** ((-0.691 + 10 * np.log10(energies.mean()) - 10 + 0.691) / 10)

    assert measure(48000, samples) == pytest.approx(-0.691 + 10 * np.log10(energies[energies > gate].mean()), abs=0.001)


def test_the_same_sound_reads_the_same_at_every_rate() -> None:
    readings = [measure(rate, sine(rate, 2, -20, 500), sine(rate, 2, -20, 2500)) for rate in RATES]

    assert readings == pytest.approx([readings[-1]] * len(RATES), abs=0.02)


def test_pauses_do_not_count() -> None:
    """EBU Tech 3341, case 3, brought to one channel."""
    quiet, loud = sine(16000, 10, -33), sine(16000, 60, -20)

    assert measure(16000, quiet, loud, quiet) == pytest.approx(-23.01, abs=0.1)


def test_silence_has_no_loudness() -> None:
    assert measure(24000, np.zeros(48000, np.float32)) is None
    assert measure(24000, sine(24000, 0.39, 0)) is None
    assert measure(24000) is None


def test_measured_seconds_leave_out_pauses() -> None:
    meter = LoudnessMeter(16000)
    meter.feed(sine(16000, 3, -20))
    meter.feed(np.zeros(32000, np.float32))
    meter.feed(sine(16000, 3, -20))

    assert meter.gated_seconds() == pytest.approx(6, abs=0.5)


@pytest.mark.parametrize("chunk", [1, 160, 3333])
def test_chunks_do_not_matter(chunk: int) -> None:
    samples = np.random.default_rng(1).normal(0, 0.1, 8000).astype(np.float32)
    whole = measure(8000, samples)

    parts = (samples[start : start + chunk] for start in range(0, len(samples), chunk))

    assert measure(8000, *parts) == pytest.approx(whole, abs=1e-4)


@pytest.mark.parametrize("rate", [22050, 24000, 48000])
def test_agrees_with_another_meter(rate: int) -> None:
    pyloudnorm = pytest.importorskip("pyloudnorm")
    random = np.random.default_rng(2)
    syllables = np.repeat(random.uniform(0, 0.3, 40), rate // 10)
    samples = (syllables * np.cumsum(random.normal(0, 0.05, len(syllables))).clip(-1, 1)).astype(np.float32)

    reference = pyloudnorm.Meter(rate).integrated_loudness(samples.astype(np.float64))

    assert measure(rate, samples) == pytest.approx(reference, abs=0.1)
