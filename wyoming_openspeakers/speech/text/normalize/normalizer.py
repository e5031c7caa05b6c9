"""Applies the rules of a language, in their order, to one sentence or clause."""

from __future__ import annotations

from functools import lru_cache

from .rule import Rule


class Normalizer:
    """The rules of one language."""

    def __init__(self, rules: list[Rule]) -> None:
        self._rules = rules

    def __call__(self, text: str) -> str:
        """Write a text out; what is not understood stays as it is."""
        present = set(text)
        for rule in self._rules:
            if not rule.needs or not rule.needs.isdisjoint(present):
                text = rule.apply(text)
        return text


def normalize(text: str, language: str) -> str:
    """Write out, in words, what in a text is not words; the language is a BCP 47 tag such as `en-GB`.

    A text in an unknown language comes back as it is.
    """
    normalizer = _normalizer(language)
    return normalizer(text) if normalizer else text


def warm(language: str) -> None:
    """Get ready for a language, so that its first text is as fast as the rest."""
    normalize("-1.5 °C, 7:30, 2026-01-31, $5.50, 1/2 + 3.", language)


@lru_cache(maxsize=32)
def _normalizer(tag: str) -> Normalizer | None:
    from .rules import normalizer_for

    return normalizer_for(tag)
