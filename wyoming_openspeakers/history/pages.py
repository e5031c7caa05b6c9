"""Finds a page of entries among many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import ColumnElement, Connection, select

from . import index, marks
from .bitmaps import CHUNK, Bits, below, bits_of, count, numbers_of
from .entry import Entry, Page, Search
from .tables import COLUMNS, ENTRIES, entries_of, numbered, storable
from .words import decide, holds, split, tokens_to_find

_LOOK_INTO = 500
"""Texts that are looked into for long words, the newest; among the rest the marks of their parts decide."""

_LOOK_INTO_CHARACTERS = 500_000
_AT_ONCE = 250

_FILTERS = ("status", "model", "voice", "profile", "front")
"""What a search asks for one value of."""


def find(connection: Connection, search: Search) -> Page:
    """A page, newest first."""
    if search.batch is not None:
        return _in_batch(connection, search.batch, search)
    words = split(storable(search.words)) if search.words is not None else []
    parts = tokens_to_find(words)
    found = _Found(_marked(connection, search, words, parts))
    is_exact = decide(parts, words) or found.look_into(connection, words)
    first = (search.page - 1) * search.page_size
    entries = _entries(connection, found.slice(first, search.page_size))
    if not is_exact:
        entries = tuple(entry for entry in entries if entry.text and holds(entry.text, words))
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
            texts = dict(_texts(connection, some))
            wrong += [number for number in some if not holds(texts.get(number, ""), words)]
            characters += sum(len(text) for text in texts.values())
        for part in self._parts:
            if drop := [number % CHUNK for number in wrong if number // CHUNK == part.chunk]:
                part.bits = part.bits & ~bits_of(np.array(drop, np.uint16))
                part.count -= len(drop)
        return looked == len(numbers)


def _marked(connection: Connection, search: Search, words: Sequence[str], parts: set[str]) -> list[tuple[int, Bits]]:
    """The entries with all the marks that are asked for."""
    kinds = [marks.property_token("kind", kind) for kind in search.kinds]
    wanted = {
        marks.property_token(name, value) for name in _FILTERS if (value := getattr(search, name)) is not None
    } or {marks.ALL}
    read_to = index.read_to(connection) if words else 0
    found: list[tuple[int, Bits]] = []
    for chunk, sets in marks.read(connection, marks.chunks(connection), {*kinds, *wanted, *parts}):
        if not wanted <= sets.keys():
            continue
        some: Bits = np.bitwise_and.reduce([sets[token] for token in wanted])
        if kinds:
            of_kinds = [sets[kind] for kind in kinds if kind in sets]
            if not of_kinds:
                continue
            some = some & np.bitwise_or.reduce(of_kinds)
        if words:
            some = _with_words(connection, (chunk, some), sets, parts, words, read_to)
        found.append((chunk, some))
    return found


def _with_words(
    connection: Connection,
    part: tuple[int, Bits],
    sets: dict[str, Bits],
    parts: set[str],
    words: Sequence[str],
    read_to: int,
) -> Bits:
    chunk, some = part
    has_parts: Bits = np.bitwise_and.reduce([sets[token] for token in parts]) if parts <= sets.keys() else below(0)
    if (chunk + 1) * CHUNK <= read_to:
        return np.bitwise_and(some, has_parts)
    known = below(max(0, read_to - chunk * CHUNK))
    fresh = [chunk * CHUNK + int(number) for number in numbers_of(some & ~known)]
    right: list[int] = []
    for begin in range(0, len(fresh), _AT_ONCE):
        texts = _texts(connection, fresh[begin : begin + _AT_ONCE])
        right += [number % CHUNK for number, text in texts if holds(text, words)]
    result: Bits = some & has_parts & known | bits_of(np.array(sorted(right), np.uint16))
    return result


def _texts(connection: Connection, numbers: Sequence[int]) -> list[tuple[int, str]]:
    rows = connection.execute(select(ENTRIES.c.seq, ENTRIES.c.text).where(numbered(numbers)))
    return [(number, text) for number, text in rows if text is not None]


def _entries(connection: Connection, numbers: Sequence[int]) -> tuple[Entry, ...]:
    if not numbers:
        return ()
    rows = connection.execute(select(*COLUMNS).where(numbered(numbers)).order_by(ENTRIES.c.seq.desc()))
    return tuple(entries_of(rows))


def _in_batch(connection: Connection, batch: str, search: Search) -> Page:
    """A batch is small enough to look through."""
    words = split(storable(search.words)) if search.words is not None else []
    conditions: list[ColumnElement[bool]] = [ENTRIES.c.batch == storable(batch)]
    if search.kinds:
        conditions.append(ENTRIES.c.kind.in_(search.kinds))
    conditions += [
        ENTRIES.c[name] == storable(value) for name in _FILTERS if (value := getattr(search, name)) is not None
    ]
    rows = connection.execute(select(ENTRIES.c.seq, ENTRIES.c.text).where(*conditions).order_by(ENTRIES.c.seq.desc()))
    numbers = [seq for seq, text in rows if not words or (text is not None and holds(text, words))]
    first = (search.page - 1) * search.page_size
    return Page(_entries(connection, numbers[first : first + search.page_size]), len(numbers))
