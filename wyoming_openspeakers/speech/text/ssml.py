"""SSML becomes items of plain text with what is said about each; what is no valid SSML becomes just its text."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from xml.parsers import expat  # declarations of any kind are refused below, so no entity can be defined

_LONGEST_PAUSE = 10.0
_PARAGRAPH_PAUSE = 0.3
_STRENGTHS = {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.8, "x-strong": 1.2}
_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.5}
_SLOWEST, _FASTEST = 0.25, 4.0
_SPELLED = {"characters", "character", "spell-out", "verbatim", "digits"}
_SILENT = {"desc", "metadata", "meta", "lexicon", "lookup", "title"}

_TIME = re.compile(r"\+?(\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})\s*(ms|s)")
_RATE = re.compile(r"([+-]?)(\d{1,6}(?:\.\d{0,6})?)(%?)")
_PROLOGUE = re.compile(r"\s*<\?xml[^<>]*\?>")
_ENTITY = re.compile(r"&(?:(amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});|([A-Za-z][A-Za-z0-9]{1,30};)?)")
_TAG = re.compile(r"<!--.*?-->|</?[A-Za-z!?][^<>]*>", re.DOTALL)
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class SsmlItem:
    """Text that is spoken in one manner."""

    text: str
    """May be empty, when there is only a pause."""

    pause_after: float = 0.0
    """Seconds of silence to add."""

    language: str | None = None
    """The tag that the text is marked with."""

    rate: float = 1.0
    """How many times as fast as usual."""


@dataclass(frozen=True)
class _Manner:
    """What the elements around a text say about it."""

    language: str | None = None
    rate: float = 1.0
    spelled: bool = False
    silent: bool = False


def parse(text: str) -> list[SsmlItem]:
    """Read SSML, with or without its `speak` element. Never fails: broken SSML is read for its text alone."""
    try:
        return _Reader().read(text)
    except (expat.ExpatError, _Refused):
        plain = _one_blank(html.unescape(_TAG.sub(" ", text)))
        return [SsmlItem(plain)] if plain else []


class _Refused(Exception):
    """The document declares something."""


class _Reader:
    def __init__(self) -> None:
        self._items: list[SsmlItem] = []
        self._text: list[str] = []
        self._manners = [_Manner()]

    def read(self, text: str) -> list[SsmlItem]:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = _refuse
        document = _ENTITY.sub(_known_entity, _PROLOGUE.sub("", _NO_TEXT.sub("", text), count=1))
        parser.Parse(f"<speak>{document}</speak>".encode(), True)
        self._close_item()
        return self._items

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.lower()
        inherited = self._manners[-1]
        manner = replace(inherited, language=attributes.get("xml:lang") or inherited.language)
        if name == "prosody":
            manner = replace(manner, rate=_rate(attributes.get("rate", ""), inherited.rate))
        elif name == "say-as":
            manner = replace(manner, spelled=attributes.get("interpret-as", "").lower() in _SPELLED)
        elif name in _SILENT:
            manner = replace(manner, silent=True)
        if name in ("p", "s") or (manner.language, manner.rate) != (inherited.language, inherited.rate):
            self._close_item()
        if name == "break":
            self._pause(_break_seconds(attributes))
        elif name == "sub" and "alias" in attributes:
            self._characters(attributes["alias"])
            manner = replace(manner, silent=True)
        self._manners.append(manner)

    def _end(self, name: str) -> None:
        manner, outer = self._manners.pop(), self._manners[-1]
        if name.lower() in ("p", "s") or (manner.language, manner.rate) != (outer.language, outer.rate):
            self._close_item(manner)
        if name.lower() == "p" and self._items:
            self._pause(_PARAGRAPH_PAUSE)

    def _characters(self, data: str) -> None:
        manner = self._manners[-1]
        if manner.spelled:
            data = ", ".join("".join(data.split()))
        if not manner.silent:
            self._text.append(data)

    def _pause(self, seconds: float) -> None:
        self._close_item()
        if not self._items:
            self._items.append(SsmlItem(""))
        last = self._items[-1]
        self._items[-1] = replace(last, pause_after=min(last.pause_after + seconds, _LONGEST_PAUSE))

    def _close_item(self, manner: _Manner | None = None) -> None:
        manner = manner or self._manners[-1]
        text = _one_blank("".join(self._text))
        self._text.clear()
        if text:
            self._items.append(SsmlItem(text, language=manner.language, rate=manner.rate))


def _refuse(*_: object) -> None:
    raise _Refused


def _known_entity(match: re.Match[str]) -> str:
    """Leave XML's own entities, replace HTML's, and make a lone ampersand a legal one."""
    if match.group(1):
        return match.group()
    said = html.unescape(match.group())
    return html.escape(said) if said != match.group() else "&amp;" + match.group()[1:]


def _one_blank(text: str) -> str:
    return " ".join(text.split())


def _break_seconds(attributes: dict[str, str]) -> float:
    time = _TIME.fullmatch(attributes.get("time", "").strip().lower())
    if time:
        return min(float(time.group(1)) / (1000 if time.group(2) == "ms" else 1), _LONGEST_PAUSE)
    return _STRENGTHS.get(attributes.get("strength", "medium").strip().lower(), _STRENGTHS["medium"])


def _rate(value: str, around: float) -> float:
    """The rate inside a `prosody` element: a percentage or a factor of the rate around it, or a named rate."""
    value = value.strip().lower()
    if value in _RATES:
        return _RATES[value]
    number = _RATE.fullmatch(value)
    if number is None:
        return around
    sign, amount = number.group(1), float(number.group(2)) / (100 if number.group(3) else 1)
    if sign and not number.group(3):
        return around
    factor = amount if not sign else 1 + amount if sign == "+" else 1 - amount
    return min(max(around * factor, _SLOWEST), _FASTEST)
