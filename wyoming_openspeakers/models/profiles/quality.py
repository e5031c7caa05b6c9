"""How good a recording of a voice is, and the part of it that is worth keeping, at one level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .decoding import RATE, Decoded, Refused, Samples

LEAST_SPEECH = 1.5
GOOD_SPEECH = 5.0
"""Seconds from which on models that clone do well; their papers use 3 to 15."""

_GOOD_RATE = 16_000

MOST_SECONDS = 60.0
LOUDNESS = -20.0

_FRAME = RATE // 50
_MARGIN = 5
"""Frames of silence that are left before and after speech."""

_SPEECH_RANGE = 30.0
"""Decibels below its loud parts in which speech lies."""

_QUIETEST, _QUIET = -50.0, -36.0
_CLIPPED, _BADLY_CLIPPED = 0.001, 0.05
_NOISY = 15.0
"""Decibels between speech and pauses."""

_PAUSES = 0.5
_HIGHEST_PEAK = 0.95
_FLOOR = 1e-10

_FILTERS = (
    ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1, -1.69065929318241, 0.73248077421585)),
    ((1, -2, 1), (1, -1.99004745483398, 0.99007225036621)),
)
"""Numerators and denominators from ITU-R BS.1770: a shelf for the effect of the head, and a high pass."""

Levels = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Checked:
    """A recording that can be used."""

    samples: Samples
    loudness: float
    """LUFS of what was kept, as it was given."""

    was_cut: bool
    """There was more than is kept."""

    warnings: tuple[str, ...]


def check(decoded: Decoded) -> Checked:
    """Judge a recording, and keep what is speech; Refused when it is of no use."""
    samples = decoded.samples - decoded.samples.mean()
    levels = _levels(samples)
    if not len(levels) or (loud := float(np.percentile(levels, 95))) < -70:
        raise Refused("The recording is silent")
    active = _steady(levels > loud - _SPEECH_RANGE)
    if not active.any():
        raise Refused("There is no speech in the recording")
    first, last = np.flatnonzero(active)[[0, -1]]
    begin, end = max(0, first - _MARGIN), min(len(active), last + 1 + _MARGIN)
    was_cut = (end - begin) * _FRAME > MOST_SECONDS * RATE
    if was_cut:
        end = _pause_before(levels, begin + int(MOST_SECONDS * RATE / _FRAME), begin)
    kept, levels, active = samples[begin * _FRAME : end * _FRAME], levels[begin:end], active[begin:end]
    loudness = _loudness(kept)
    speech = float(active.sum()) * _FRAME / RATE
    warnings = [*_judge(decoded, loudness, speech), *_judge_pauses(levels, active)]
    if was_cut:
        warnings.append(f"Only the first {len(kept) / RATE:.0f} s are used")
    return Checked(_at_level(kept, loudness), loudness, bool(was_cut), tuple(warnings))


def _judge(decoded: Decoded, loudness: float, speech: float) -> list[str]:
    if speech < LEAST_SPEECH:
        raise Refused(
            f"There are {speech:.1f} s of speech in the recording; "
            f"{LEAST_SPEECH:g} s are needed, and {GOOD_SPEECH:g} to 30 s are best"
        )
    if loudness < _QUIETEST:
        raise Refused(f"The recording is too quiet ({loudness:.0f} LUFS); speak closer to the microphone")
    if decoded.clipped > _BADLY_CLIPPED:
        raise Refused(
            f"The recording is overdriven ({decoded.clipped:.0%} of it is clipped); turn the microphone down"
        )
    warnings = []
    if speech < GOOD_SPEECH:
        warnings.append(f"There are only {speech:.1f} s of speech; {GOOD_SPEECH:g} to 30 s make a better voice")
    if loudness < _QUIET:
        warnings.append(f"It is quiet ({loudness:.0f} LUFS), so that its noise comes up with it")
    if decoded.rate < _GOOD_RATE:
        warnings.append(f"It is recorded at {decoded.rate} Hz, as on a telephone: {_GOOD_RATE} Hz or more sound better")
    if decoded.clipped > _CLIPPED:
        warnings.append(f"It is overdriven in places ({decoded.clipped:.1%} of it is clipped)")
    return warnings


def _judge_pauses(levels: Levels, active: npt.NDArray[np.bool_]) -> list[str]:
    warnings = []
    distance = float(np.percentile(levels, 90) - np.percentile(levels, 5))
    if distance < _NOISY:
        warnings.append(f"There is much noise: speech is only {distance:.0f} dB above it")
    if (pauses := 1 - float(active.mean())) > _PAUSES:
        warnings.append(f"{pauses:.0%} of it are pauses")
    return warnings


def _levels(samples: Samples) -> Levels:
    """Decibels of each frame."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    levels: Levels = 10 * np.log10(np.mean(np.square(frames), axis=1, dtype=np.float64) + _FLOOR)
    return levels


def _steady(active: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Without what lasts for less than three frames in five, such as clicks."""
    return active & (np.convolve(active, np.ones(5), "same") >= 3)


def _pause_before(levels: Levels, frame: int, begin: int) -> int:
    """The quietest moment in the last quarter before a frame: where to cut."""
    earliest = begin + (frame - begin) * 3 // 4
    smooth = np.convolve(levels[earliest:frame], np.full(10, 0.1), "valid")
    return earliest + int(smooth.argmin()) + 5


def _at_level(samples: Samples, loudness: float) -> Samples:
    peak = float(np.abs(samples).max())
    gain = min(10 ** ((LOUDNESS - loudness) / 20), _HIGHEST_PEAK / peak)
    return np.asarray(samples * np.float32(gain), np.float32)


def _loudness(samples: Samples) -> float:
    """Integrated loudness: mean power by ITU-R BS.1770, weighted by frequency, without pauses."""
    hop = RATE // 10
    padded = np.concatenate((samples, np.zeros(max(0, 4 * hop - len(samples)), np.float32)))
    blocks = np.lib.stride_tricks.sliding_window_view(padded, 4 * hop)[::hop]
    powers = np.concatenate([_weighted_power(part) for part in np.array_split(blocks, 1 + len(blocks) // 64)])
    gate = 10 ** ((-70 + 0.691) / 10)
    above = powers[powers > gate]
    if not len(above):
        return -70.0
    above = above[above > above.mean() / 10]
    return float(-0.691 + 10 * np.log10(above.mean()))


def _weighted_power(blocks: Samples) -> Levels:
    """The mean square of each block after the standard's filters, from its spectrum."""
    length = blocks.shape[1]
    power = np.square(np.abs(np.fft.rfft(blocks))).astype(np.float64)
    power[:, 1:-1] *= 2
    weighted: Levels = power @ _weighting(length) / length**2
    return weighted


def _weighting(length: int) -> Levels:
    """What the standard's two filters, which it gives for 48 kHz, do to the power at each frequency."""
    z = np.exp(-2j * np.pi * np.arange(length // 2 + 1) * RATE / length / 48_000)
    powers = np.stack((np.ones_like(z), z, z * z))
    gain = np.ones(length // 2 + 1)
    for numerator, denominator in _FILTERS:
        gain *= np.square(np.abs((np.array(numerator) @ powers) / (np.array(denominator) @ powers)))
    return gain
