"""Numbers that stand alone: plain, signed, ranges, scores, lists, and digits inside a name."""

from __future__ import annotations

import re

from .notation import DASH, SIGN, START
from .rule import Rule, rule
from .speech import Speech

_LONGEST_PLAIN = 6
"""More digits than these without grouping are an identifier, unless they end in thousands."""


def rules(speech: Speech) -> list[Rule]:
    """Rules for what no other rule has taken."""
    language, words, number = speech.language, speech.words, speech.number

    def spoken_range(match: re.Match[str]) -> str | None:
        first, last = speech.parse(match["first"]), speech.parse(match["last"])
        if first is None or last is None or _is_code(match["first"]) or _is_code(match["last"]):
            return None
        if match["dash"] == "-" and not match["minus"] and first.value() > max(last.value(), 999):
            return None
        low = speech.number_words(first)
        high = speech.number_words(last, speech.form_before(match.string, match.end()))
        sign, minus = speech.sign_word(match["sign"]), speech.sign_word(match["minus"])
        if low is None or high is None or sign is None or minus is None:
            return None
        return f"{sign}{low} {language.to} {minus}{high}"

    def score(match: re.Match[str]) -> str:
        return f"{words.whole(match['first'])} {language.score} {words.whole(match['last'])}"

    def plain(match: re.Match[str]) -> str | None:
        text = match["number"]
        number = speech.parse(text)
        if number is None:
            return _list(speech, text)
        sign = speech.sign_word(match["sign"])
        if _is_code(text):
            spoken: str | None = words.digits(text)
        else:
            form = speech.case(speech.form_before(match.string, match.end()), number, match.string, match.start())
            spoken = speech.number_words(number, form)
        return None if spoken is None or sign is None else sign + spoken

    found = []
    if language.to:
        pair = f"(?P<first>{number})(?P<dash>{DASH})(?P<minus>[-−])?(?P<last>{number})"
        found.append(rule(f"{SIGN}{START}(?<![0-9][-–]){pair}(?![\\w:/]|[-–]\\w)", spoken_range))
    if language.score:
        found.append(rule(r"(?<![\w:.,/-])(?P<first>[0-9]{1,3}):(?P<last>[0-9]{1,3})(?![\w:/]|[.,-][0-9])", score, ":"))
    found.append(rule(f"{SIGN}{START}(?P<number>{number})(?!\\w)", plain))
    found.append(
        rule(
            rf"{START}(?<![/.@:-])(?=[^\W_]*[0-9])[^\W_]{{2,24}}+(?![\w@]|[.,:/-][0-9])",
            lambda match: _name(speech, match[0]),
        )
    )
    return found


def _is_code(text: str) -> bool:
    return text.isdigit() and len(text) > 1 and (text[0] == "0" or (len(text) > _LONGEST_PLAIN and text[-3:] != "000"))


def _list(speech: Speech, text: str) -> str | None:
    items = text.split(",")
    if len(items) < 3 or not all(item.isdigit() for item in items):
        return None
    return ", ".join(speech.words.whole(item) for item in items)


def _name(speech: Speech, name: str) -> str | None:
    """Read the digits in a name such as MP3, H2O or Zigbee2MQTT; leave what looks like a code."""
    parts = re.findall("[0-9]+|[^0-9]+", name)
    if len(parts) > 3 or not all(part.isalpha() or part.isascii() for part in parts):
        return None
    language, words = speech.language, speech.words
    if {parts[-1], f"{parts[-1]}."} & (language.abbreviations.keys() | language.titles.keys()):
        return None
    return " ".join(
        part if part.isalpha() else words.whole(part) if len(part) < 4 else words.digits(part) for part in parts
    )
