"""Marks in a text that an engine acts on, such as `<laugh>`, on their way through the cleaning and cutting of it.

On that way each is one character, which has no other meaning: so it is neither taken for markup nor cut in two.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from .link import Inline

FIRST = 0xE000
"""The first of the characters; they are for private use, and taken out of texts that come with them."""

MOST = 0x400

_MARK = r"[.,!?;:…。！？，、；：]"


@dataclass(frozen=True)
class _Tag:
    written: str
    character: str
    is_speaker: bool


class Tags:
    """The marks that mean something to an engine of this house; letters of either case are the same."""

    def __init__(self, sounds: Iterable[str] = (), speakers: Iterable[str] = ()) -> None:
        """Take marks that are heard where they stand, and marks of who speaks from there on."""
        whose = {**dict.fromkeys(sounds, False), **dict.fromkeys(speakers, True)}
        self._tags = {
            mark.lower(): _Tag(mark, chr(FIRST + number), is_speaker)
            for number, (mark, is_speaker) in enumerate([*whose.items()][:MOST])
            if mark
        }
        self._by_character = {tag.character: tag for tag in self._tags.values()}
        self._beginnings = {mark[:length] for mark in self._tags for length in range(1, len(mark))}
        self._longest = max(map(len, self._tags), default=0)
        longest_first = sorted((tag.written for tag in self._tags.values()), key=len, reverse=True)
        # Case is a matter of plain letters only: others become more or fewer of them.
        self._written = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)", re.IGNORECASE | re.ASCII)
        characters = "".join(self._by_character)
        self._any = re.compile(f"[{characters}]" if characters else r"(?!)")
        self.starts = "".join(sorted({mark[0] for mark in self._tags}))
        """What they begin with."""

    def __bool__(self) -> bool:
        return bool(self._tags)

    def read(self, buffer: str, start: int, final: bool) -> Inline | None:
        """Read a mark; None when it is not complete, no text when there is none."""
        if found := self._written.match(buffer, start):
            return Inline(found.end(), self._tags[found.group().lower()].character)
        rest = buffer[start : start + self._longest].lower()
        return None if not final and start + len(rest) == len(buffer) and rest in self._beginnings else Inline(start)

    def has_any(self, text: str) -> bool:
        """Whether there is a mark in a text that is on its way."""
        return self._any.search(text) is not None

    def has_sound(self, text: str) -> bool:
        """Whether there is a mark in a text that is heard even without words."""
        return any(not self._by_character[found.group()].is_speaker for found in self._any.finditer(text))

    def opening_speaker(self, text: str) -> str:
        """The mark of who speaks before the first word of a text."""
        for character in text:
            tag = self._by_character.get(character)
            if tag and tag.is_speaker:
                return character
            if character.isalnum():
                return ""
        return ""

    def last_speaker(self, text: str) -> str:
        """The mark of who speaks at the end of a text."""
        marks = (self._by_character[found.group()] for found in self._any.finditer(text))
        return next((tag.character for tag in [*marks][::-1] if tag.is_speaker), "")

    def keep(self, text: str, known: Collection[str]) -> str:
        """The text with only these marks left in it."""
        kept = {mark.lower() for mark in known}
        gone = "".join(tag.character for mark, tag in self._tags.items() if mark not in kept)
        if not gone or not self.has_any(text):
            return text
        return re.sub(rf" *[{gone}](?= |{_MARK}|\Z)|[{gone}]", "", text).strip()

    def written(self, text: str) -> str:
        """The text with its marks as they are written."""
        return self._any.sub(lambda found: self._by_character[found.group()].written, text)


NONE = Tags()
