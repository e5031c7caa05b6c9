"""Words put together to what is shown at a time: two short lines that end where speech does."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from .word import SpokenWord, blank_between

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
    text = _Text([piece for word in words for piece in _fitting(word)])
    made: list[Cue] = []
    for first, last in pairwise(text.cuts()):
        group = text.words[first:last]
        start = max(group[0].start, made[-1].end if made else 0.0)
        end = max(start + 0.001, min(max(group[-1].end, start + SHORTEST), text.next_start(last)))
        at = text.line_break(first, last)
        lines = (tuple(group),) if at is None else (tuple(text.words[first:at]), tuple(text.words[at:last]))
        made.append(Cue(lines, start, end))
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


class _Text:
    """Words that are to be cut into cues, and what that needs to be known of them again and again."""

    def __init__(self, words: Sequence[SpokenWord]) -> None:
        self.words = words
        self._ties = [_tie(word) for word in words]
        self._blanks = [0, *(len(blank_between(one, other)) for one, other in pairwise(words))]
        widths = (len(word.text) + blank for word, blank in zip(words, self._blanks, strict=False))
        self._width = list(accumulate(widths, initial=0))

    def next_start(self, last: int) -> float:
        """When the word comes that a cue does not show any more."""
        return self.words[last].start if last < len(self.words) else math.inf

    def cuts(self) -> list[int]:
        """Where cues begin, and the end of the last: the cheapest way to cut."""
        count = len(self.words)
        best = [0.0] + [math.inf] * count
        came_from = [0] * (count + 1)
        for first in range(count):
            inside = 0.0
            for last in range(first + 1, count + 1):
                if last > first + 1:
                    if not self._fits(first, last):
                        break
                    inside += self._going_on(last - 1)
                cost = best[first] + inside + self._cost(first, last)
                if cost < best[last]:
                    best[last], came_from[last] = cost, first
        cuts = [count]
        while cuts[-1]:
            cuts.append(came_from[cuts[-1]])
        return cuts[::-1]

    def line_break(self, first: int, last: int) -> int | None:
        """Where a cue goes on in a second line: near the middle, rather after a clause; None for one line."""
        if self._columns(first, last) <= MOST_CHARACTERS:
            return None

        def badness(at: int) -> float:
            widths = self._columns(first, at), self._columns(at, last)
            return math.inf if max(widths) > MOST_CHARACTERS else abs(widths[0] - widths[1]) + 20 * self._ties[at - 1]

        return min(range(first + 1, last), key=badness, default=None)

    def _columns(self, first: int, last: int) -> int:
        """How wide a line of these words is."""
        return self._width[last] - self._width[first] - self._blanks[first]

    def _fits(self, first: int, last: int) -> bool:
        if self._columns(first, last) <= MOST_CHARACTERS:
            return True
        # As many words in the first line as it can hold.
        full = bisect_right(self._width, MOST_CHARACTERS + self._width[first] + self._blanks[first], first, last) - 1
        return self._columns(full, last) <= MOST_CHARACTERS

    def _cost(self, first: int, last: int) -> float:
        """How bad a cue is that is shown too short or too long, or ends at a bad place."""
        shown = self.words[last - 1].end - self.words[first].start
        cost = 1.0 + 5 * max(0.0, shown - LONGEST)
        if last == len(self.words):
            return cost
        until = self.next_start(last) - self.words[first].start
        return cost + 2 * self._ties[last - 1] + 4 * max(0.0, SHORTEST - shown) + 4 * max(0.0, SHORTEST - until)

    def _going_on(self, at: int) -> float:
        """How bad it is that a cue goes on with this word, after the end of a sentence or a pause."""
        pause = self.words[at].start - self.words[at - 1].end
        return (0.0 if self._ties[at - 1] else 1.5) + (4.0 if pause > _LONG_PAUSE else 0.0)


def _tie(word: SpokenWord) -> float:
    """How much a word belongs to the next: 0 at the end of a sentence, 1 inside a clause."""
    text = word.text.rstrip(_CLOSING)
    return 0.0 if text.endswith(_SENTENCE_ENDS) else 0.3 if text.endswith(_CLAUSE_ENDS) else 1.0
