"""Words put together to what is shown at a time: two short lines that end where speech does."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from .word import SpokenWord, joined

MOST_CHARACTERS = 42
"""In a line."""

SHORTEST, LONGEST = 1.0, 7.0
"""Seconds that a cue should be shown."""

_LONG_PAUSE = 1.0
"""Seconds of silence over which no cue should stay."""

_SENTENCE_ENDS = tuple(".!?…。！？।؟")
_CLAUSE_ENDS = tuple(",;:–—，、；：،؛")
_CLOSING = "\"'”’»)]」』）"


@dataclass(frozen=True)
class Cue:
    """What is shown at a time."""

    lines: tuple[tuple[SpokenWord, ...], ...]
    """One or two, each of whole words."""

    start: float
    end: float


def cues(words: Iterable[SpokenWord]) -> list[Cue]:
    """Cues that show every word once, in order, and never overlap."""
    given = [piece for word in words for piece in _fitting(word)]
    made: list[Cue] = []
    for first, last in pairwise(_cuts(given)):
        group = given[first:last]
        until = given[last].start if last < len(given) else math.inf
        start = max(group[0].start, made[-1].end if made else 0.0)
        end = max(start + 0.001, min(max(group[-1].end, start + SHORTEST), until))
        made.append(Cue(_lines(group), start, end))
    return made


def _fitting(word: SpokenWord) -> list[SpokenWord]:
    """The word, or the parts of one that is longer than a line."""
    text, most = word.text, MOST_CHARACTERS
    if len(text) <= most:
        return [word]
    step = (word.end - word.start) / len(text)
    return [
        replace(word, text=text[at : at + most], start=word.start + at * step,
                end=word.start + min(at + most, len(text)) * step)
        for at in range(0, len(text), most)
    ]  # fmt: skip


def _cuts(words: Sequence[SpokenWord]) -> list[int]:
    """Where cues begin, and the end of the last: the cheapest way to cut."""
    best = [0.0] + [math.inf] * len(words)
    came_from = [0] * (len(words) + 1)
    for first in range(len(words)):
        for last in range(first + 1, len(words) + 1):
            if last > first + 1 and not _fits(words[first:last]):
                break
            cost = best[first] + _cost(words, first, last)
            if cost < best[last]:
                best[last], came_from[last] = cost, first
    cuts = [len(words)]
    while cuts[-1]:
        cuts.append(came_from[cuts[-1]])
    return cuts[::-1]


def _fits(words: Sequence[SpokenWord]) -> bool:
    length = len(joined(words))
    return length <= MOST_CHARACTERS or (length <= 2 * MOST_CHARACTERS + 1 and _break(words) is not None)


def _cost(words: Sequence[SpokenWord], first: int, last: int) -> float:
    """How bad a cue of these words is: too short, too long, cut or going on at a bad place."""
    until = words[last].start if last < len(words) else math.inf
    shown = words[last - 1].end - words[first].start
    inside = pairwise(words[first:last])
    cost = 1.0 + (0.0 if last == len(words) else 2 * _clings(words[last - 1]))
    cost += 4 * max(0.0, SHORTEST - min(until - words[first].start, max(shown, SHORTEST)))
    cost += 4 * max(0.0, SHORTEST - shown) if last < len(words) else 0.0
    cost += 5 * max(0.0, shown - LONGEST)
    for word, following in inside:
        cost += 1.5 if not _clings(word) else 0.0
        cost += 4.0 if following.start - word.end > _LONG_PAUSE else 0.0
    return cost


def _clings(word: SpokenWord) -> float:
    """How much a word belongs to the next: 0 at the end of a sentence, 1 inside a clause."""
    text = word.text.rstrip(_CLOSING)
    return 0.0 if text.endswith(_SENTENCE_ENDS) else 0.3 if text.endswith(_CLAUSE_ENDS) else 1.0


def _lines(words: Sequence[SpokenWord]) -> tuple[tuple[SpokenWord, ...], ...]:
    if len(joined(words)) <= MOST_CHARACTERS:
        return (tuple(words),)
    at = _break(words)
    return (tuple(words[:at]), tuple(words[at:])) if at else (tuple(words),)


def _break(words: Sequence[SpokenWord]) -> int | None:
    """Where to break into two lines: near the middle, rather after a clause; None where both would not fit."""

    def badness(at: int) -> float:
        lengths = len(joined(words[:at])), len(joined(words[at:]))
        if max(lengths) > MOST_CHARACTERS:
            return math.inf
        return abs(lengths[0] - lengths[1]) + 20 * _clings(words[at - 1])

    at = min(range(1, len(words)), key=badness, default=0)
    return at if at and badness(at) < math.inf else None
