"""Which entries a search means: sets combined, chunk by chunk."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy import ColumnElement, Connection, select

from . import index, marks
from .bitmaps import CHUNK, Bits, below, bits_of, numbers_of
from .dates import made_between
from .entry import Search
from .tables import ENTRIES, numbered, storable
from .words import decide, holds, split, tokens_to_find

_AT_ONCE = 250

_FILTERS = ("status", "model", "voice", "profile", "front")
"""What a search asks for one value of."""


class Matching:
    """Looks up the entries that a search among all means."""

    def __init__(self, connection: Connection, search: Search) -> None:
        self._connection = connection
        self._search = search
        self.words = split(storable(search.words)) if search.words is not None else []
        self._parts = tokens_to_find(self.words)
        self.is_exact = decide(self._parts, self.words)
        """Otherwise an entry may have all parts of the words and not the words: `holding` tells."""

        self._kinds = [marks.property_token("kind", kind) for kind in search.kinds]
        self._wanted = {
            marks.property_token(name, value) for name in _FILTERS if (value := getattr(search, name)) is not None
        } or {marks.ALL}
        self._read_to = index.read_to(connection) if self.words else 0

    def found(self, chunks: Sequence[int]) -> list[tuple[int, Bits]]:
        """The entries of these chunks that have what is asked for, the newest chunk first."""
        found: list[tuple[int, Bits]] = []
        times = made_between(self._connection, chunks, self._search.since, self._search.until)
        sets_of_chunks = marks.read(self._connection, list(times), {*self._kinds, *self._wanted, *self._parts})
        for chunk, sets in sets_of_chunks:
            if not self._wanted <= sets.keys():
                continue
            some: Bits = np.bitwise_and.reduce([sets[token] for token in self._wanted])
            if (in_time := times[chunk]) is not None:
                some = some & in_time
            if self._kinds:
                of_kinds = [sets[kind] for kind in self._kinds if kind in sets]
                if not of_kinds:
                    continue
                some = some & np.bitwise_or.reduce(of_kinds)
            if self.words:
                some = self._with_words(chunk, some, sets)
            found.append((chunk, some))
        return found

    def holding(self, numbers: Sequence[int]) -> list[int]:
        """Those of some entries whose text has the words."""
        right: list[int] = []
        for begin in range(0, len(numbers), _AT_ONCE):
            known = texts(self._connection, numbers[begin : begin + _AT_ONCE])
            right += [number for number, text in known if holds(text, self.words)]
        return right

    def _with_words(self, chunk: int, some: Bits, sets: dict[str, Bits]) -> Bits:
        has_parts: Bits = (
            np.bitwise_and.reduce([sets[token] for token in self._parts]) if self._parts <= sets.keys() else below(0)
        )
        if (chunk + 1) * CHUNK <= self._read_to:
            return np.bitwise_and(some, has_parts)
        known = below(max(0, self._read_to - chunk * CHUNK))
        right = self.holding([chunk * CHUNK + int(number) for number in numbers_of(some & ~known)])
        looked_up = bits_of(np.array(sorted(number % CHUNK for number in right), np.uint16))
        result: Bits = some & has_parts & known | looked_up
        return result


def are_few(search: Search) -> bool:
    """Whether a search is among so few that they can be looked through."""
    return search.batch is not None or bool(search.ids)


def few(connection: Connection, search: Search) -> list[int]:
    """The numbers of the entries that a search among few means, newest first."""
    words = split(storable(search.words)) if search.words is not None else []
    conditions: list[ColumnElement[bool]] = [
        ENTRIES.c[name] == storable(value)
        for name in ("batch", *_FILTERS)
        if (value := getattr(search, name)) is not None
    ]
    if search.ids:
        conditions.append(ENTRIES.c.id.in_([storable(id) for id in search.ids]))
    if search.kinds:
        conditions.append(ENTRIES.c.kind.in_(search.kinds))
    if search.since is not None:
        conditions.append(ENTRIES.c.created >= search.since)
    if search.until is not None:
        conditions.append(ENTRIES.c.created < search.until)
    rows = connection.execute(select(ENTRIES.c.seq, ENTRIES.c.text).where(*conditions).order_by(ENTRIES.c.seq.desc()))
    return [seq for seq, text in rows if not words or (text is not None and holds(text, words))]


def texts(connection: Connection, numbers: Sequence[int]) -> list[tuple[int, str]]:
    """The texts of entries, where they are kept."""
    rows = connection.execute(select(ENTRIES.c.seq, ENTRIES.c.text).where(numbered(numbers)))
    return [(number, text) for number, text in rows if text is not None]
