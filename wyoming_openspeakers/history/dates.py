"""When entries were made: which of them are of a time.

Entries are numbered as they are noted, nearly in the order in which they were made: an answer lasts a while, and clocks
are set. So most chunks are of a time as a whole or not at all, and in the others all numbers from one to another are,
but for a few.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection, text

from .bitmaps import CHUNK, Bits, below, bits_of

_OF_CHUNK = f"seq >> {CHUNK.bit_length() - 1}"
"""As the index has it."""

INDEX = f"CREATE INDEX entries_created ON entries (({_OF_CHUNK}), created, seq)"

# The plus keeps SQLite from looking at all entries: what it compares with would have a type that the index has not.
_SPANS = text(
    "WITH RECURSIVE chunks(chunk) AS"
    " (SELECT CAST(:first AS BIGINT) UNION ALL SELECT chunk + 1 FROM chunks WHERE chunk < :last)"
    f" SELECT chunk, (SELECT MIN(created) FROM entries WHERE {_OF_CHUNK} = +chunk),"
    f" (SELECT MAX(created) FROM entries WHERE {_OF_CHUNK} = +chunk) FROM chunks"
)
_ENDS = text(
    "SELECT MIN(seq), MAX(seq) FROM entries"
    f" WHERE {_OF_CHUNK} = :chunk AND created >= :since AND created < :until"
)
_OTHERS = text(
    f"SELECT seq FROM entries WHERE {_OF_CHUNK} = :chunk AND (created < :since OR created >= :until)"
    " AND seq > :first AND seq < :last"
)


def made_between(
    connection: Connection, chunks: Sequence[int], since: float | None, until: float | None
) -> dict[int, Bits | None]:
    """The chunks that have entries from one moment on and before another, and which; None where all are."""
    if not chunks or (since is None and until is None):
        return dict.fromkeys(chunks)
    since, until = -math.inf if since is None else since, math.inf if until is None else until
    found: dict[int, Bits | None] = {}
    for chunk, first, last in connection.execute(_SPANS, {"first": min(chunks), "last": max(chunks)}).all():
        if first is None or last < since or first >= until:
            continue
        is_whole = first >= since and last < until
        found[chunk] = None if is_whole else _numbers(connection, chunk, since, until)
    return found


def _numbers(connection: Connection, chunk: int, since: float, until: float) -> Bits:
    of_time = {"chunk": chunk, "since": since, "until": until}
    first, last = connection.execute(_ENDS, of_time).one()
    if first is None:
        return below(0)
    others = connection.execute(_OTHERS, {**of_time, "first": first, "last": last}).scalars()
    wrong = bits_of(np.array([number % CHUNK for number in others], np.uint16))
    result: Bits = below(last % CHUNK + 1) & ~below(first % CHUNK) & ~wrong
    return result
