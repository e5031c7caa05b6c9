"""Removes what a search finds, some at a time."""

from __future__ import annotations

from typing import Final

import numpy as np
from sqlalchemy import Connection, select

from . import marks, rows
from .bitmaps import CHUNK, Bits, below, numbers_of
from .entry import OVER, Search
from .matching import Matching, are_few, few
from .tables import ENTRIES, numbered

AT_ONCE: Final = 8000
"""Entries that go in one transaction; nothing else is written meanwhile."""

_NOT_OVER: Final = [marks.property_token("status", status) for status in ("pending", "running")]


def remove_found(connection: Connection, search: Search, before: int) -> tuple[int, list[str], int]:
    """Remove some of what is over and found below a number, the newest first.

    Tells how many went, the names of their audio files, and the number below which there may be more, 0 at the end.
    """
    if are_few(search):
        found = [number for number in few(connection, search) if number < before][:AT_ONCE]
        over = connection.execute(select(ENTRIES.c.seq).where(numbered(found), ENTRIES.c.status.in_(OVER)))
        gone = list(over.scalars()) if found else []
        return len(gone), rows.remove(connection, gone), found[-1] if found else 0
    matching = Matching(connection, search)
    for chunk in reversed(marks.chunks(connection)):
        if chunk * CHUNK >= before:
            continue
        if found := _newest(connection, matching, chunk, before):
            gone = found if matching.is_exact else matching.holding(found)
            return len(gone), rows.remove(connection, gone), found[-1]
    return 0, [], 0


def _newest(connection: Connection, matching: Matching, chunk: int, before: int) -> list[int]:
    """Numbers of a chunk that are over and have the marks of what is searched for."""
    some: Bits = below(min(before - chunk * CHUNK, CHUNK))
    for _, found in matching.found([chunk]) or [(chunk, below(0))]:
        some = some & found
    for _, sets in marks.read(connection, [chunk], _NOT_OVER):
        some = some & ~np.bitwise_or.reduce(list(sets.values()))
    return [chunk * CHUNK + int(number) for number in numbers_of(some)[::-1][:AT_ONCE]]
