"""A word and when it is said."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .tokens import is_unspaced


@dataclass(frozen=True)
class SpokenWord:
    """A word of the text; times in seconds of the audio that it is said in."""

    text: str
    """As it was written, with its punctuation: `"2026,"`."""

    start: float
    end: float

    @property
    def bare(self) -> str:
        """The word without the punctuation around it: `2026`."""
        kept = [at for at, character in enumerate(self.text) if unicodedata.category(character)[0] in "LMNS"]
        return self.text[kept[0] : kept[-1] + 1] if kept else self.text


def blank_between(one: SpokenWord, other: SpokenWord) -> str:
    """What parts two words in a line: nothing in scripts that have no blanks."""
    return "" if is_unspaced(one.text) or is_unspaced(other.text) else " "


def joined(words: Sequence[SpokenWord]) -> str:
    """Words as a line of text."""
    blanks = ["", *(blank_between(one, other) for one, other in pairwise(words))]
    return "".join(blank + word.text for blank, word in zip(blanks, words, strict=False))
