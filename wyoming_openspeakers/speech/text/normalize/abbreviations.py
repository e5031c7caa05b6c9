"""Abbreviations that are read as the words that they stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .rule import Rule, rule
from .speech import Speech
from .units import UNIT_OF


def rules(speech: Speech) -> list[Rule]:
    """Rules for a language's abbreviations."""
    language = speech.language
    found: list[Rule] = []
    if language.titles:
        titles = language.titles
        known = _any_of(titles)
        named = f"(?=[\xa0 ](?:[A-ZÀ-ÖØ-Þ]|(?:and|und|et|y|&) (?:{known})))"
        found.append(rule(rf"(?<![\w.])(?P<short>{known}){named}", lambda match: titles[match["short"]], ""))
    if language.suffixes:
        suffixes = language.suffixes
        found.append(rule(rf"(?<=\w)(?P<short>{_any_of(suffixes)})(?!\w)", lambda match: suffixes[match["short"]], "."))
    if language.abbreviations:
        words = language.abbreviations

        def spell_out(match: re.Match[str]) -> str:
            word = words[match["short"]]
            ends = match.end() == len(match.string) and match["short"].endswith(".")
            return f"{word}." if ends else word

        found.append(rule(rf"(?<![\w.@/-])(?P<short>{_any_of(words)})(?![\w@])", spell_out, ""))
    return found


def _any_of(words: Mapping[str, str]) -> str:
    return "|".join(map(_pattern, sorted(words, key=len, reverse=True)))


def _pattern(word: str) -> str:
    pattern = re.escape(word).replace("\\ ", "[\xa0\u202f ]")
    return f"(?<![0-9] )(?<![0-9]){pattern}" if word.removesuffix(".") in UNIT_OF else pattern
