"""Keeps the marks of entries in step with the entries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, select, text

from . import marks
from .bitmaps import CHUNK, numbers
from .marks import Change
from .tables import ENTRIES, MARKS, STATE
from .words import tokens_of_text, tokens_of_texts

STEP: Final = 1024
"""Entries whose words are marked at once; as many are looked through one by one until then."""

_NEXT, _READ_TO, _MARKED = "next", "read_to", "marked"
_REBUILD_STEP = 20_000

_SET = text(
    "INSERT INTO state (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


def state(connection: Connection, name: str) -> str | None:
    """Something that the database remembers of itself."""
    return connection.execute(select(STATE.c.value).where(STATE.c.name == name)).scalar()


def remember(connection: Connection, name: str, value: object) -> None:
    """Let it remember."""
    connection.execute(_SET, {"name": name, "value": str(value)})


def read_to(connection: Connection) -> int:
    """The words of all entries below this number are marked."""
    return int(state(connection, _READ_TO) or 0)


def next_number(connection: Connection) -> int:
    """All entries have lower numbers."""
    return int(state(connection, _NEXT) or 0)


def take_numbers(connection: Connection, how_many: int) -> int:
    """The first of so many new numbers."""
    first = next_number(connection)
    remember(connection, _NEXT, first + how_many)
    return first


def added(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Mark new entries; their words come later."""
    change = Change()
    for row in rows:
        change.add(row["seq"], marks.property_tokens(row))
    change.write(connection)


def changed(connection: Connection, was: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Mark an entry anew."""
    seq = was["seq"]
    before, after = marks.property_tokens(was), marks.property_tokens(now)
    if was["text"] != now["text"] and seq < read_to(connection):
        before |= tokens_of_text(was["text"] or "")
        after |= tokens_of_text(now["text"] or "")
    change = Change()
    change.drop(seq, before - after)
    change.add(seq, after - before)
    change.write(connection)


def removed(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Take the marks of entries that go, all of them at once."""
    known = read_to(connection)
    change = Change()
    for row in rows:
        tokens = marks.property_tokens(row)
        if row["text"] and row["seq"] < known:
            tokens |= tokens_of_text(row["text"])
        change.drop(row["seq"], tokens)
    change.write(connection)


def removed_many(connection: Connection, chunk: int, gone: Sequence[int]) -> None:
    """Take the marks of many entries of a chunk that go, by their numbers in it."""
    marks.drop_all(connection, chunk, numbers(gone))


def behind(connection: Connection) -> int:
    """Entries whose words are not marked yet, at most."""
    return next_number(connection) - read_to(connection)


def read_words(connection: Connection, most: int) -> None:
    """Mark the words of the next entries, not beyond a chunk."""
    begin, following = read_to(connection), next_number(connection)
    chunk = begin // CHUNK
    end = min(begin + most, following, (chunk + 1) * CHUNK)
    texts = connection.execute(
        select(ENTRIES.c.seq, ENTRIES.c.text).where(
            ENTRIES.c.seq >= begin, ENTRIES.c.seq < end, ENTRIES.c.text.is_not(None)
        )
    )
    change = Change()
    for token, which in tokens_of_texts((seq % CHUNK, words) for seq, words in texts).items():
        change.add_set(chunk, token, which)
    change.write(connection)
    remember(connection, _READ_TO, end)


def is_built(connection: Connection) -> bool:
    """Whether all entries are marked, but for their words."""
    return state(connection, _MARKED) is not None


def build(connection: Connection) -> None:
    """Mark all entries of a database from before there were marks."""
    connection.execute(delete(MARKS))
    last = -1
    while (
        rows := connection.execute(
            select(ENTRIES.c.seq, *(ENTRIES.c[name] for name in marks.PROPERTIES))
            .where(ENTRIES.c.seq > last)
            .order_by(ENTRIES.c.seq)
            .limit(_REBUILD_STEP)
        )
        .mappings()
        .all()
    ):
        added(connection, map(dict, rows))
        last = rows[-1]["seq"]
    remember(connection, _READ_TO, 0)
    remember(connection, _MARKED, 1)
