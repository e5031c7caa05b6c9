"""Applies the rules of a language, in their order, to one sentence or clause."""

from __future__ import annotations

from functools import lru_cache

from .rule import Rule


def normalize(text: str, language: str) -> str:
    """Write out, in words, what in a text is not words; the language is a BCP 47 tag such as `en-GB`.

    A text in an unknown language comes back as it is.
    """
    present = set(text)
    for rule in _rules(language):
        if not rule.needs or not rule.needs.isdisjoint(present):
            text = rule.apply(text)
    return text


def warm(language: str) -> None:
    """Get ready for a language, so that its first text is as fast as the rest."""
    normalize("-1.5 °C, 7:30, 2026-01-31, $5.50, 1/2 + 3.", language)


@lru_cache(maxsize=32)
def _rules(tag: str) -> list[Rule]:
    # babel and unicode-rbnf load with the first text: the service starts without them.
    from .rules import rules_for

    return rules_for(tag) or []
