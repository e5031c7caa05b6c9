"""When the words of one sentence are said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...engines.base import Samples, Word
from ..audio.chain import Placed
from .align import align
from .mapping import written_spans
from .tokens import split_words
from .word import SpokenWord


@dataclass(frozen=True)
class Said:
    """A sentence that was spoken."""

    text: str
    """As it was written."""

    words: str
    """As its engine read it."""

    samples: Samples
    rate: int

    told: Sequence[Word]
    """What the engine told."""

    placed: Placed
    """Where it lies in the response."""

    pace: float
    """How much faster than the engine spoke it is played."""


def spoken_words(said: Said, read: Callable[[str], str]) -> list[SpokenWord]:
    """The written words in order, in seconds of the response, none overlapping; `read` puts a word into words."""
    written = split_words(said.text)
    if said.told:
        spoken, times = [word.text for word in said.told], [(word.start, word.end) for word in said.told]
    else:
        spoken = split_words(said.words)
        times = align(spoken, said.samples, said.rate)
    words: list[SpokenWord] = []
    earliest, latest = said.placed.begin, max(said.placed.begin, said.placed.end)
    for text, span in zip(written, written_spans(written, spoken, times, read), strict=True):
        start, end = (min(latest, max(earliest, said.placed.origin + at / said.pace)) for at in span)
        earliest = max(start, end)
        words.append(SpokenWord(text, float(start), float(earliest)))
    return words
