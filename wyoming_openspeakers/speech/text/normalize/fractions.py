"""Fractions: 1/2, 3/4, ½, 2½, and 8/10 where it is a share."""

from __future__ import annotations

import re

from .notation import GAP, Written
from .rule import Rule, rule
from .speech import Speech
from .units import UNIT_OF, Units

_SIGNS = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5), "⅘": (4, 5),
    "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8),
}  # fmt: skip
_USUAL = {2, 3, 4, 8}
"""Denominators that make a fraction of any numerator; 4/5 is more often four out of five."""


def rules(speech: Speech, units: Units) -> list[Rule]:
    """Rules for fractions; none for a language with no words for them."""
    language, words = speech.language, speech.words
    if not language.fractions:
        return []
    known = {**UNIT_OF, **language.symbols}
    symbols = "|".join(sorted(map(re.escape, known), key=len, reverse=True))
    unit = f"(?:{GAP}(?P<unit>{symbols})(?![\\w/]|[’'][^\\W\\d_])|[\xa0 ](?P<noun>[^\\W\\d_]{{2,30}}+))?"

    halves = [(re.compile(pattern), spoken) for pattern, spoken in language.halves]
    wholes = [(re.compile(pattern), spoken, form) for pattern, spoken, form in language.wholes_and_half]

    def half_of(noun: str) -> str:
        return next((spoken for pattern, spoken in halves if pattern.match(noun)), "")

    def fraction(numerator: int, denominator: int) -> str:
        one, other = language.fractions[denominator]
        count = words.cardinal(numerator, language.masculine_form)
        return f"{count} {one if numerator == 1 else other}"

    def speak(whole: str | None, numerator: int, denominator: int, match: re.Match[str]) -> str:
        symbol, noun = match["unit"], match["noun"]
        is_half = (numerator, denominator) == (1, 2)
        number = Written(whole, "" if is_half and language.wholes_and_half else "5") if whole else Written("1")
        named = units.name(known[symbol], number) if symbol else None
        name = named[0] if named else symbol or noun
        if not whole:
            half = half_of(name) if is_half and name else ""
            return half.format(name) if half else _joined(fraction(numerator, denominator), name)
        if is_half and name and (found := next((found for found in wholes if found[0].match(name)), None)):
            return found[1].format(words.whole(whole, found[2]), name)
        count = words.whole(whole, language.masculine_form if denominator == 2 else "")
        pattern = language.and_half if is_half else language.and_fraction
        return _joined(pattern.format(count, fraction(numerator, denominator)), name)

    def signed(match: re.Match[str]) -> str:
        return speak(match["whole"], *_SIGNS[match["sign"]], match)

    def slashed(match: re.Match[str]) -> str | None:
        numerator, denominator = int(match["numerator"]), int(match["denominator"])
        if numerator < denominator and denominator in language.fractions and (numerator == 1 or denominator in _USUAL):
            return speak(match["whole"], numerator, denominator, match)
        if match["whole"] or match["unit"] or numerator > denominator or denominator == 0 or not language.out_of:
            return None
        spoken = f"{words.cardinal(numerator)} {language.out_of} {words.cardinal(denominator)}"
        return _joined(spoken, match["noun"])

    return [
        rule(
            rf"(?<![\w.,/])(?P<whole>[0-9]{{1,6}})?[ ]?(?P<sign>[{''.join(_SIGNS)}])(?![0-9]){unit}",
            signed,
            "".join(_SIGNS),
        ),
        rule(
            rf"(?<![\w.,/:-])"
            rf"(?:(?P<whole>[0-9]{{1,3}})[ -])?(?P<numerator>[0-9]{{1,3}})/(?P<denominator>[0-9]{{1,3}})"
            rf"(?![\w/:-]|[.,][0-9]){unit}",
            slashed,
            "/",
        ),
    ]


def _joined(spoken: str, name: str | None) -> str:
    return f"{spoken} {name}" if name else spoken
