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

_MOST_PARTS = 24
"""Parts of a word that is searched for which are looked up, and words: enough to tell it from others."""

_SIGN = "~"
"""Opens the tokens of parts."""


def fold(text: str) -> str:
    """Without what makes no difference to a search."""
    return unicodedata.normalize("NFKC", text).casefold()


def split(words: str) -> list[str]:
    """The words that are searched for."""
    return list(dict.fromkeys(fold(words).split()))[:_MOST_PARTS]


def holds(text: str, words: Iterable[str]) -> bool:
    """Whether a text has all of these words, each by itself or in another."""
    folded = fold(text)
    return all(word in folded for word in words)


def tokens_of_text(text: str) -> set[str]:
    """What stands for all parts of a text."""
    return {token for word in set(fold(text).split()) for token in _tokens(word)}


def tokens_to_find(words: Iterable[str]) -> set[str]:
    """What stands for words that are searched for: a text that has them has all of these."""
    found: set[str] = set()
    for word in words:
        parts = [word] if len(word) <= EXACT else [word[at : at + EXACT] for at in range(len(word) - EXACT + 1)]
        found.update(_SIGN + part for part in parts[:_MOST_PARTS])
    return found


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
