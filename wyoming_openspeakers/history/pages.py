"""Finds a page of entries among many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, select

from . import marks
from .bitmaps import CHUNK, Bits, bits_of, count, numbers_of
from .entry import Entry, Page, Search
from .matching import Matching, are_few, few, texts
from .tables import COLUMNS, ENTRIES, entries_of, numbered
from .words import holds

_LOOK_INTO = 500
"""Texts that are looked into for long words, the newest; among the rest the marks of their parts decide."""

_LOOK_INTO_CHARACTERS = 500_000
_AT_ONCE = 250


def find(connection: Connection, search: Search) -> Page:
    """A page, newest first."""
    first = (search.page - 1) * search.page_size
    if are_few(search):
        numbers = few(connection, search)
        return Page(_entries(connection, numbers[first : first + search.page_size]), len(numbers))
    matching = Matching(connection, search)
    found = _Found(matching.found(marks.chunks(connection)))
    is_exact = matching.is_exact or found.look_into(connection, matching.words)
    entries = _entries(connection, found.slice(first, search.page_size))
    if not is_exact:
        entries = tuple(entry for entry in entries if entry.text and holds(entry.text, matching.words))
    return Page(entries, found.total, is_exact)


def numbers_with(connection: Connection, name: str, value: str) -> list[int]:
    """The numbers of the entries with a property, the oldest first."""
    token = marks.property_token(name, value)
    return [
        chunk * CHUNK + int(number)
        for chunk, sets in reversed(list(marks.read(connection, marks.chunks(connection), [token])))
        for number in numbers_of(sets[token])
    ]


def how_many(connection: Connection) -> int:
    """How many entries there are."""
    found = marks.read(connection, marks.chunks(connection), [marks.ALL])
    return sum(count(sets[marks.ALL]) for _, sets in found)


@dataclass
class _Part:
    """The entries of a chunk that were found."""

    chunk: int
    bits: Bits
    count: int

    def newest(self, skip: int, most: int) -> list[int]:
        """Some of their numbers, newest first."""
        numbers = numbers_of(self.bits)[::-1][skip : skip + most]
        return [self.chunk * CHUNK + int(number) for number in numbers]


class _Found:
    """All entries that were found, newest first."""

    def __init__(self, found: Sequence[tuple[int, Bits]]) -> None:
        self._parts = [_Part(chunk, some, how_many) for chunk, some in found if (how_many := count(some))]

    @property
    def total(self) -> int:
        return sum(part.count for part in self._parts)

    def slice(self, skip: int, most: int) -> list[int]:
        """The numbers of some."""
        numbers: list[int] = []
        for part in self._parts:
            if skip < part.count:
                numbers += part.newest(skip, most - len(numbers))
                if len(numbers) >= most:
                    break
            skip = max(0, skip - part.count)
        return numbers

    def look_into(self, connection: Connection, words: Sequence[str]) -> bool:
        """Drop what has the parts of the words but not the words; whether all were looked into."""
        numbers = self.slice(0, _LOOK_INTO + 1)
        wrong: list[int] = []
        looked = characters = 0
        while looked < min(len(numbers), _LOOK_INTO) and characters < _LOOK_INTO_CHARACTERS:
            some = numbers[looked : min(looked + _AT_ONCE, _LOOK_INTO)]
            looked += len(some)
            known = dict(texts(connection, some))
            wrong += [number for number in some if not holds(known.get(number, ""), words)]
            characters += sum(len(text) for text in known.values())
        for part in self._parts:
            if drop := [number % CHUNK for number in wrong if number // CHUNK == part.chunk]:
                part.bits = part.bits & ~bits_of(np.array(drop, np.uint16))
                part.count -= len(drop)
        return looked == len(numbers)


def _entries(connection: Connection, numbers: Sequence[int]) -> tuple[Entry, ...]:
    if not numbers:
        return ()
    rows = connection.execute(select(*COLUMNS).where(numbered(numbers)).order_by(ENTRIES.c.seq.desc()))
    return tuple(entries_of(rows))
