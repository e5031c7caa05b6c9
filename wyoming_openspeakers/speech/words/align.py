"""Find the words of a sentence in its audio, without a model: by the classes of their sounds.

The letters of a word tell roughly which sounds come one after another, and classes of sounds differ in level and
spectrum. The best way to lay the sounds along the audio, each about as long as such sounds are and with pauses where
there are some, is found by dynamic programming.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .letters import sounds
from .sounds import CLASSES, SECONDS, SILENCE, likelihoods
from .spectrum import HOP, Matrix, spectrum

_TRUST = 0.3
"""How much a frame counts, as neighbours are much alike."""

_SPREAD = 0.35
"""Standard deviation of a sound's length, in natural logarithms."""

_LONGEST = 5.0
"""Times its usual length that a sound may last."""

_PAUSE_COST = 3.0
"""Of a pause where no punctuation is, and of none where there is some."""

_LONGEST_PAUSE = 1.5
_PAUSES = {**dict.fromkeys(",–—،、，", 0.25), **dict.fromkeys(".!?…:;。！？：；؟", 0.4)}
"""Usual seconds of the pause after a word that ends so."""

_CLOSING = "\"'”’»)]」』）"

_LATENESS = 0.02
"""Seconds by which a frame hears ahead."""

_ASTRAY, _ASTRAY_PART = 2.0, 0.25
"""How far a sound may be from where even speech would put it: seconds, and part of the sentence."""

_NEVER = np.float32(-1e9)


@dataclass(frozen=True)
class _Step:
    """A sound, or where a pause may be."""

    column: int
    durations: npt.NDArray[np.intp]
    """Frames that it may last, one after the other."""

    scores: Matrix
    """What each of them is worth."""

    word: int | None
    usual: float
    """Seconds that it mostly lasts."""


def align(words: Sequence[str], samples: Matrix, rate: int) -> list[tuple[float, float]]:
    """Start and end of each word in seconds: in order, and never overlapping."""
    if not words:
        return []
    seen = spectrum(samples, rate)
    steps = list(_steps(words, seen.seconds_audible, len(seen.features)))
    ends = _best_path(likelihoods(seen.features) * np.float32(_TRUST), steps)
    if ends is None:
        return _evenly(words, len(samples) / rate)
    length = len(samples) / rate
    begins = np.concatenate(([0], ends[:-1]))
    spans = [(length, 0.0)] * len(words)
    for step, first, last in zip(steps, begins.tolist(), ends.tolist(), strict=True):
        if step.word is not None:
            start = min(spans[step.word][0], first * HOP + _LATENESS)
            spans[step.word] = start, min(length, last * HOP + _LATENESS)
    return spans


def _steps(words: Sequence[str], audible: float, frames: int) -> Iterator[_Step]:
    """The sounds of all words, with a pause that may be before, between and after them."""
    said = [sounds(word) for word in words]
    pace = np.clip(audible / sum(SECONDS[sound] for word in said for sound in word), 0.2, 5)
    yield _pause(frames, edge=True)
    for number, (word, letters) in enumerate(zip(words, said, strict=True)):
        for sound in letters:
            usual = SECONDS[sound] * pace
            durations = np.arange(1, min(max(6, int(usual * _LONGEST / HOP)), frames) + 1)
            scores = -0.5 * (np.log(durations * HOP / usual) / _SPREAD) ** 2
            yield _Step(CLASSES.index(sound), durations, scores.astype(np.float32), number, usual)
        last = number == len(words) - 1
        yield _pause(frames, edge=last, usual=_PAUSES.get(word.rstrip(_CLOSING)[-1:], 0.0))


def _pause(frames: int, *, edge: bool, usual: float = 0.0) -> _Step:
    durations = np.arange(min(round(_LONGEST_PAUSE / HOP), frames) + 1)
    if edge:
        scores = -0.02 * durations
    elif usual:
        scores = -0.5 * (np.log(np.maximum(durations, 1) * HOP / usual) / 0.7) ** 2
        scores[0] = -_PAUSE_COST
    else:
        scores = -_PAUSE_COST - 0.02 * durations
        scores[0] = 0
    return _Step(CLASSES.index(SILENCE), durations, scores.astype(np.float32), None, usual)


def _best_path(fits: Matrix, steps: Sequence[_Step]) -> npt.NDArray[np.intp] | None:
    """The frame at which each step ends on the best way through all frames; None when there is no way."""
    frames = len(fits)
    summed = np.concatenate((np.zeros((1, fits.shape[1])), np.cumsum(fits, axis=0, dtype=np.float64)))
    sofar = np.full(frames + 1, _NEVER)
    sofar[0] = 0
    lasted = np.zeros((len(steps), frames + 1), np.int32)
    usual = np.cumsum([step.usual for step in steps]) / max(sum(step.usual for step in steps), HOP)
    astray = max(_ASTRAY / HOP, _ASTRAY_PART * frames)
    for number, step in enumerate(steps):
        first = max(0, int(usual[number] * frames - astray))
        last = min(frames, int(usual[number] * frames + astray)) if number < len(steps) - 1 else frames
        column = summed[:, step.column]
        least, most = int(step.durations[0]), int(step.durations[-1])
        before = np.concatenate((np.full(most, _NEVER), sofar - column))[first : last + most + 1]
        # A row for each end, a column for each duration.
        ways = np.lib.stride_tricks.sliding_window_view(before, most + 1)[:, ::-1][:, least:] + step.scores
        choice = np.argmax(ways, axis=1)
        sofar = np.full(frames + 1, _NEVER)
        sofar[first : last + 1] = np.maximum(ways[np.arange(len(ways)), choice] + column[first : last + 1], _NEVER)
        lasted[number, first : last + 1] = step.durations[choice]
    if sofar[frames] <= _NEVER / 2:
        return None
    ends = np.zeros(len(steps), np.intp)
    at = frames
    for number in range(len(steps) - 1, -1, -1):
        ends[number] = at
        at -= lasted[number, at]
    return ends


def _evenly(words: Sequence[str], seconds: float) -> list[tuple[float, float]]:
    """Times in proportion to the length of words, where the audio is too short for their sounds, or much too long."""
    lengths = np.array([1 + sum(SECONDS[sound] for sound in sounds(word)) * 10 for word in words])
    edges = np.concatenate(([0], np.cumsum(lengths))) / lengths.sum() * seconds
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
