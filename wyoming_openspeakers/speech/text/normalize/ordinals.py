"""Ordinals and Roman numerals: 1st, 2e, 3.º, im 3. Stock, Chapter IV, Felipe VI."""

from __future__ import annotations

import re

from .rule import Rule, rule
from .speech import Speech

_ROMAN = re.compile("(?=.)(?:L?X{0,3}|XL)(?:IX|IV|V?I{0,3})")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50}


def rules(speech: Speech) -> list[Rule]:
    """Rules for ordinals."""
    language, words = speech.language, speech.words
    found: list[Rule] = []

    def add_marked(mark: str, form: str) -> None:
        found.append(
            rule(
                rf"(?<![\w.,:/])(?P<number>[0-9]{{1,6}})(?:{mark})(?!\w)",
                lambda match: words.ordinal(int(match["number"]), form),
            )
        )

    def dotted(match: re.Match[str], form: str) -> str:
        stop = "." if match.end() == len(match.string) else ""
        return match["before"] + words.ordinal(int(match["number"]), form) + stop

    def add_dotted(before: str, form: str) -> None:
        found.append(
            rule(
                rf"(?P<before>\b(?:{before}) )(?P<number>[0-9]{{1,3}})\.(?= [^\W\d_]|$)",
                lambda match: dotted(match, form),
            )
        )

    def chapter(match: re.Match[str]) -> str | None:
        value = roman_value(match["roman"])
        return None if value is None else f"{match['before']} {words.cardinal(value)}"

    def ruler(match: re.Match[str]) -> str | None:
        value = roman_value(match["roman"])
        if value is None:
            return None
        if language.roman_form not in language.ordinals or value > language.roman_ordinals_to:
            spoken = words.cardinal(value)
        else:
            spoken = words.ordinal(value, language.roman_form)
        article = f"{language.roman_article} " if language.roman_article else ""
        stop = "." if match["dot"] and match.end() == len(match.string) else ""
        return f"{match['before']} {article}{spoken}{stop}"

    def ranked(match: re.Match[str]) -> str | None:
        value = roman_value(match["roman"])
        return None if value is None else words.ordinal(value)

    for mark, form in language.ordinal_marks:
        add_marked(mark, form)
    for before, form in language.ordinal_words:
        add_dotted(before, form)
    roman = "(?P<roman>[IVXL]{2,7}|[VX]|I(?! [a-z]))(?!\\w|[’'])"
    if language.roman_after:
        found.append(rule(rf"(?<!\w)(?P<before>{language.roman_after}) {roman}", chapter, "IVXL"))
    if language.roman_names:
        found.append(
            rule(rf"(?<!\w)(?P<before>{language.roman_names}) {roman}(?P<dot>{language.roman_stop})", ruler, "IVXL")
        )
    if language.roman_mark:
        found.append(rule(rf"(?<!\w)(?P<roman>L?[IVX]{{1,6}})(?:{language.roman_mark})(?!\w)", ranked, "IVX"))
    return found


def roman_value(numeral: str) -> int | None:
    """Value of a well-formed Roman numeral below 90, otherwise None."""
    if not _ROMAN.fullmatch(numeral):
        return None
    values = [_VALUES[letter] for letter in numeral]
    return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))
