"""A word and when it is said."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

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


def joined(words: Iterable[SpokenWord]) -> str:
    """Words as a line of text: blanks between them, but not in scripts that have none."""
    line = ""
    for word in words:
        blank = line and not (is_unspaced(line) or is_unspaced(word.text))
        line += f" {word.text}" if blank else word.text
    return line
