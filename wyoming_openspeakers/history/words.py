"""What of a text can be searched for: any part of a word, in any language."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from .bitmaps import Numbers, numbers

EXACT: Final = 3
"""Parts up to so many characters are known by themselves; longer ones are looked up in the text."""

_STRIDE = 2

_MOST_PARTS = 16
"""Parts that are looked up: enough to tell one text from others."""

_MOST_WORDS = 64

_SIGN = "~"
"""Opens the tokens of parts."""


def fold(text: str) -> str:
    """Without what makes no difference to a search."""
    return unicodedata.normalize("NFKC", text).casefold()


def split(words: str) -> list[str]:
    """The words that are searched for."""
    return list(dict.fromkeys(fold(words).split()))[:_MOST_WORDS]


def holds(text: str, words: Iterable[str]) -> bool:
    """Whether a text has all of these words, each by itself or in another."""
    folded = fold(text)
    return all(word in folded for word in words)


def tokens_of_text(text: str) -> set[str]:
    """What stands for all parts of a text."""
    return {token for word in set(fold(text).split()) for token in _tokens(word)}


def tokens_to_find(words: Iterable[str]) -> set[str]:
    """What stands for words that are searched for: a text that has them has all of these."""
    parts = [part for word in sorted(words, key=len, reverse=True) for part in _parts(word)]
    return {_SIGN + part for part in parts[:_MOST_PARTS]}


def decide(tokens: set[str], words: Iterable[str]) -> bool:
    """Whether a text that has these tokens has the words for sure."""
    return tokens == {_SIGN + word for word in words}


def _parts(word: str) -> list[str]:
    """Parts that overlap and cover a word: all that there are would tell little more and take longer."""
    if len(word) <= EXACT:
        return [word]
    last = len(word) - EXACT
    return [word[at : at + EXACT] for at in (*range(0, last, _STRIDE), last)]


def tokens_of_texts(texts: Iterable[tuple[int, str]]) -> dict[str, Numbers]:
    """What stands for the parts of several texts, each with the numbers of the texts that have it."""
    by_word: dict[str, list[int]] = defaultdict(list)
    for number, text in texts:
        for word in set(fold(text).split()):
            by_word[word].append(number)
    by_token: dict[str, list[int]] = defaultdict(list)
    for word, having in by_word.items():
        for token in _tokens(word):
            by_token[token].extend(having)
    return {token: numbers(having) for token, having in by_token.items()}


@lru_cache(4096)
def _tokens(word: str) -> frozenset[str]:
    return frozenset(
        _SIGN + word[at : at + length] for length in range(1, EXACT + 1) for at in range(len(word) - length + 1)
    )
