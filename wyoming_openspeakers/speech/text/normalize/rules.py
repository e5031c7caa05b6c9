"""Puts the rules of a language together. Kept apart, so that babel and unicode-rbnf load with the first text."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from babel import Locale, UnknownLocaleError
from babel.numbers import get_decimal_symbol

from . import (
    abbreviations,
    bare_units,
    codes,
    currency,
    dates,
    fractions,
    numbers,
    ordinals,
    signs,
    times,
    units,
    years,
)
from .language import Language, language_data
from .rule import Rule
from .speech import Speech
from .words import NumberWords, number_words


def rules_for(tag: str) -> list[Rule] | None:
    """The rules for a BCP 47 tag, in their order, or None when the language is unknown."""
    locale = _locale(tag)
    if locale is None:
        return None
    region = locale.territory or ""
    language = language_data(locale.language, region)
    words = number_words(language, region)
    if words is None:
        return None
    language = _completed(language, words)
    speech = Speech(language, locale, words, get_decimal_symbol(locale))
    names = units.Units(speech)
    # What reads more of the text goes first: a date before its parts, a number with its unit before the number.
    return [
        *dates.rules(speech),
        *times.rules(speech, names),
        *signs.rules(speech),
        *abbreviations.rules(speech),
        *currency.rules(speech, names),
        *codes.rules(speech),
        *years.decades(speech),
        *fractions.rules(speech, names),
        *units.rules(speech, names),
        *bare_units.rules(speech, names),
        *ordinals.rules(speech),
        *years.rules(speech),
        *numbers.rules(speech),
    ]


def _completed(language: Language, words: NumberWords) -> Language:
    """Take the words for minus and the decimal sign from the words for numbers, where the data has none."""
    if language.minus and language.decimal_words:
        return language
    one = words.cardinal(1)
    minus = words.signed(-1).removesuffix(one).strip()
    point = words.signed(Decimal("1.1")).removeprefix(one).removesuffix(one).strip()
    return replace(language, minus=language.minus or minus, decimal_words=language.decimal_words or {"": point})


def _locale(tag: str) -> Locale | None:
    parts = tag.replace("_", "-").split("-")
    if not all(part.isascii() and part.isalnum() for part in parts):
        return None
    for length in range(len(parts), 0, -1):
        try:
            return Locale.parse("-".join(parts[:length]), sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return None
