"""Times of day, durations and ranges of times: 7:30, 19.30 Uhr, 7 pm, 1:23:45."""

from __future__ import annotations

import re

from .notation import DASH, GAP, Written
from .rule import Rule, rule
from .speech import Speech
from .units import Units

_ALONE = r"(?<![\w:])(?<![0-9][.,/])"
_HOUR = "(?:[01]?[0-9]|2[0-4])"


def spoken_clock(speech: Speech, hour: int, minute: int, half: str = "") -> str:
    """Words for a time of day; half is `am`, `pm` or empty."""
    return speech.language.clock(hour, minute, half, speech.words.cardinal)


def rules(speech: Speech, units: Units) -> list[Rule]:
    """Rules for times."""
    language = speech.language
    half_day = f"(?:{GAP}(?P<half>{language.half_day})(?!\\w)(?P<dot>\\.?))"
    mark = f"(?:{GAP}(?:{language.hour_marks})(?!\\w))" if language.hour_marks else "(?!)"
    to = f"(?P<to>{DASH}(?=[0-9]))?"
    behind = f"(?:{half_day}|{mark})?(?!\\w){to}"

    def clock(match: re.Match[str]) -> str:
        half = _half(match["half"])
        words = spoken_clock(speech, int(match["hour"]), int(match["minute"] or 0), half)
        return _closed(match, words, language.to)

    def hours(match: re.Match[str]) -> str | None:
        half = _half(match["half"])
        if half and int(match["hour"]) > 12:
            return None
        words = spoken_clock(speech, int(match["hour"]), 0, half)
        if match["first"]:
            first = speech.words.cardinal(int(match["first"]), language.hour_form)
            words = f"{first} {language.to} {words}"
        return _closed(match, words, language.to)

    def duration(match: re.Match[str]) -> str | None:
        if match["mark"] or (match["at"] and len(match["hours"]) == 2):
            words = spoken_clock(speech, int(match["hours"]), int(match["minutes"]))
            return match["at"] + words if int(match["hours"]) < 25 else None
        spoken: list[str] = []
        for part, unit in (("hours", "hour"), ("minutes", "minute"), ("seconds", "second")):
            number = Written(str(int(match[part])))
            named = units.name(unit, number)
            if named is None:
                return None
            if number.whole != "0" or (unit == "second" and not spoken):
                spoken.append(f"{speech.words.whole(number.whole, named[1])} {named[0]}")
        if len(spoken) > 1 and language.duration_and:
            spoken[-2:] = [f"{spoken[-2]} {language.duration_and} {spoken[-1]}"]
        return (match["at"] or "") + ", ".join(spoken)

    found = [
        rule(
            f"(?P<at>\\b{language.at or '(?!)'} )?{_ALONE}"
            f"(?P<hours>[0-9]{{1,3}}):(?P<minutes>[0-5][0-9]):(?P<seconds>[0-5][0-9])"
            f"(?P<mark>{mark})?(?![\\w:])",
            duration,
            ":",
        ),
        rule(f"{_ALONE}(?P<hour>{_HOUR}):(?P<minute>[0-5][0-9])(?![0-9:]|[.,][0-9]){behind}", clock, ":"),
    ]
    if language.hour_letter:
        found.append(
            rule(
                f"{_ALONE}(?P<hour>{_HOUR}){GAP}h{GAP}(?P<minute>[0-5][0-9])(?: ?(?:min|mn))?(?![\\w:]){behind}", clock
            )
        )
    if language.dotted_clock:
        found.append(rule(f"{_ALONE}(?P<hour>{_HOUR})\\.(?P<minute>[0-5][0-9])(?={mark}){behind}", clock))
    pair = f"{_ALONE}(?:(?P<first>{_HOUR}){DASH})?(?P<hour>{_HOUR})"
    if language.to:
        found.append(rule(f"{pair}{half_day}{to}", hours))
        if language.bare_hour_marks:
            found.append(
                rule(
                    f"{pair}{GAP}(?:{language.bare_hour_marks})(?!\\w)(?P<half>)(?P<dot>)(?P<to>)(?!{GAP}[0-9])", hours
                )
            )
    return found


def _half(written: str | None) -> str:
    return written.replace(".", "").replace(" ", "").lower() if written else ""


def _closed(match: re.Match[str], words: str, to: str) -> str:
    """Say a dash to the next time; keep a full stop that also ended the sentence."""
    if match["to"]:
        return f"{words} {to} " if to else words + match["to"]
    is_last = match.end() == len(match.string)
    return f"{words}." if match["dot"] and is_last and not words.endswith(".") else words
