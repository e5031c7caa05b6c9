"""Cuts a long text where a speaker would breathe, for models that can only say so much at once."""

from __future__ import annotations

import re

_ENDS = (
    re.compile(r".*[.!?…。！？](?=\s|$)|.*[。！？]", re.DOTALL),
    re.compile(r".*[,;:、，；](?=\s|$)|.*[、，；]", re.DOTALL),
    re.compile(r".*\s", re.DOTALL),
)
"""The best first: the end of a sentence, of a clause, of a word."""


def pieces(text: str, most: int) -> list[str]:
    """The pieces of a text of at most so many characters."""
    found = []
    rest = text.strip()
    while len(rest) > most:
        window = rest[: most + 1]
        ends = (match.end() for end in _ENDS if (match := end.match(window)))
        cut = min(most, next(ends, most))
        found.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return [piece for piece in (*found, rest) if piece]
