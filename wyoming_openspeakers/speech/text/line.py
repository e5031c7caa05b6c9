"""What the beginning of a line of Markdown says about the line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

_CAP = 200
"""Characters of markers after which a line's kind is decided without seeing more of it."""

_RULE = re.compile(r"([-*_=])(?:[ ]*\1)*[ ]*|(?=[|: ]*-)[|:\- ]+")
_FENCE = re.compile(r"`{3,64}|~{3,64}")
_HEADING = re.compile(r"#{1,6}(?!#)")
_BULLET = re.compile(r"[-+*•●▪◦‣⁃–]")
_NUMBER = re.compile(r"(\d{1,3})[.)]")
_NUMBER_SO_FAR = re.compile(r"\d{1,3}\Z")
_CHECKBOX = re.compile(r"\[[ xX]\] ")
_CHECKBOX_SO_FAR = re.compile(r"\[(?:[ xX]\]?)?\Z")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]{1,40}\]:")
_FOOTNOTE_SO_FAR = re.compile(r"\[(?:\^[^\]\s]{0,40}\]?)?\Z")


class Kind(Enum):
    """Kinds of line that are spoken differently."""

    TEXT = auto()
    HEADING = auto()
    ITEM = auto()
    TABLE = auto()
    FENCE = auto()
    RULE = auto()


@dataclass(frozen=True)
class Head:
    """The markers that a line begins with."""

    kind: Kind
    end: int
    """Where in the buffer the line's own text begins; for a rule, where its line ends."""

    text: str = ""
    """What to say before the line's own text: the number of a numbered item; for a fence, the fence itself."""


def read_head(buffer: str, at: int, final: bool) -> Head | None:
    """Read the markers at `at`, past blanks and quote marks; None when more text is needed to know them."""
    if rule := _RULE.match(buffer, at, at + _CAP):
        end, capped = rule.end(), rule.end() - at == _CAP
        if end == len(buffer) and not final and not capped:
            return None
        if end - at >= 3 and (capped or end == len(buffer) or buffer[end] == "\n"):
            return Head(Kind.RULE, end)
    if fence := _FENCE.match(buffer, at):
        return _read_fence(buffer, fence, final)
    if buffer.startswith(("`", "~"), at) and not final and buffer[at:].strip(buffer[at]) == "":
        return None
    return _read_marker(buffer, at, final)


def _read_fence(buffer: str, fence: re.Match[str], final: bool) -> Head | None:
    newline = buffer.find("\n", fence.end(), fence.end() + _CAP)
    if newline < 0 and not final and len(buffer) - fence.end() < _CAP:
        return None
    info = buffer[fence.end() : newline if newline >= 0 else fence.end() + _CAP]
    if fence.group()[0] in info:
        return Head(Kind.TEXT, fence.start())
    return Head(Kind.FENCE, fence.end(), fence.group())


def _read_marker(buffer: str, at: int, final: bool) -> Head | None:
    kind, text, end = Kind.TEXT, "", at
    if buffer[at] == "|":
        return Head(Kind.TABLE, at)
    if heading := _HEADING.match(buffer, at):
        kind, end = Kind.HEADING, heading.end()
    elif bullet := _BULLET.match(buffer, at):
        kind, end = Kind.ITEM, bullet.end()
    elif number := _NUMBER.match(buffer, at):
        kind, end, text = Kind.ITEM, number.end(), f"{number.group(1)}. "
    elif footnote := _FOOTNOTE.match(buffer, at):
        return Head(Kind.ITEM, footnote.end())
    elif not final and (_NUMBER_SO_FAR.match(buffer, at) or _FOOTNOTE_SO_FAR.match(buffer, at)):
        return None
    if kind is Kind.TEXT:
        return Head(kind, at)
    if end == len(buffer):
        return Head(Kind.TEXT, at) if final else None
    if buffer[end] not in " \n":
        return Head(Kind.TEXT, at)
    end += buffer[end] == " "
    if box := _CHECKBOX.match(buffer, end):
        end = box.end()
    elif not final and (end == len(buffer) or _CHECKBOX_SO_FAR.match(buffer, end)):
        return None
    return Head(kind, end, text)
