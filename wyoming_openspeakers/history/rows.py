"""What is done to entries in the database, each in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy import delete as delete_from

from ..errors import NotFound
from . import index
from .bitmaps import CHUNK
from .entry import Entry
from .pages import numbers_with
from .tables import COLUMNS, ENTRIES, entries_of, entry_of, numbered, row_of, storable

_AT_ONCE = 500

_MANY = 200
"""Entries of a chunk for which it is quicker to go through the whole index than through their texts."""


def get_ready(connection: Connection, identity: str) -> str:
    """Bring the index up to date, and tell the identity of the database, which is this one when it is new."""
    if not index.is_built(connection):
        index.build(connection)
    known = index.state(connection, "identity")
    if known is None:
        index.remember(connection, "identity", identity)
    return known or identity


def add(connection: Connection, entries: Sequence[Mapping[str, Any]]) -> None:
    """Insert entries."""
    first = index.take_numbers(connection, len(entries))
    rows = [row_of(entry) | {"seq": seq} for seq, entry in enumerate(entries, first)]
    connection.execute(insert(ENTRIES), rows)
    index.added(connection, rows)


def get(connection: Connection, entry_id: str) -> Entry:
    """One entry."""
    row = connection.execute(select(*COLUMNS).where(ENTRIES.c.id == storable(entry_id))).one_or_none()
    if row is None:
        raise NotFound(f"The history has no entry {entry_id!r}")
    return entry_of(row)


def change(connection: Connection, entry_id: str, fields: Mapping[str, Any]) -> tuple[Entry, list[str]]:
    """Change fields of an entry; what it is then, and the name of an audio file that it had before."""
    found = connection.execute(select(ENTRIES).where(ENTRIES.c.id == storable(entry_id))).mappings().one_or_none()
    if found is None:
        raise NotFound(f"The history has no entry {entry_id!r}")
    was = dict(found)
    if row := row_of(fields):
        connection.execute(update(ENTRIES).where(ENTRIES.c.id == storable(entry_id)).values(**row))
        index.changed(connection, was, {**was, **row})
    entry = get(connection, entry_id)
    return entry, [was["file"]] if was["file"] and was["file"] != entry.file else []


def batch(connection: Connection, batch_id: str) -> list[Entry]:
    """The entries of a batch."""
    entries = entries_of(
        connection.execute(
            select(*COLUMNS).where(ENTRIES.c.batch == storable(batch_id)).order_by(ENTRIES.c.position, ENTRIES.c.seq)
        )
    )
    if not entries:
        raise NotFound(f"There is no batch {batch_id!r}")
    return entries


def unfinished(connection: Connection) -> list[Entry]:
    """What is pending or running, the oldest first."""
    numbers = sorted([*numbers_with(connection, "status", "pending"), *numbers_with(connection, "status", "running")])
    found: list[Entry] = []
    for begin in range(0, len(numbers), _AT_ONCE):
        some = numbers[begin : begin + _AT_ONCE]
        found += entries_of(connection.execute(select(*COLUMNS).where(numbered(some)).order_by(ENTRIES.c.seq)))
    return found


def files(connection: Connection) -> list[str]:
    """The names of all audio files."""
    names = connection.execute(select(ENTRIES.c.file).where(ENTRIES.c.file.is_not(None))).scalars()
    return [name for name in names if name is not None]


def delete(connection: Connection, ids: Iterable[str]) -> list[str]:
    """Remove entries; the names of their audio files."""
    wanted = [storable(entry_id) for entry_id in ids]
    numbers: list[int] = []
    for begin in range(0, len(wanted), _AT_ONCE):
        some = wanted[begin : begin + _AT_ONCE]
        numbers += connection.execute(select(ENTRIES.c.seq).where(ENTRIES.c.id.in_(some))).scalars()
    return remove(connection, numbers)


def remove(connection: Connection, numbers: Iterable[int]) -> list[str]:
    """Remove entries by their numbers; the names of their audio files."""
    names: list[str] = []
    for chunk, in_chunk in groupby(sorted(numbers), key=lambda number: number // CHUNK):
        gone = list(in_chunk)
        for begin in range(0, len(gone), _AT_ONCE):
            some = numbered(gone[begin : begin + _AT_ONCE])
            if len(gone) < _MANY:
                index.removed(connection, map(dict, connection.execute(select(ENTRIES).where(some)).mappings()))
            files = connection.execute(select(ENTRIES.c.file).where(some, ENTRIES.c.file.is_not(None))).scalars()
            names += [name for name in files if name is not None]
            connection.execute(delete_from(ENTRIES).where(some))
        if len(gone) >= _MANY:
            index.removed_many(connection, chunk, [number % CHUNK for number in gone])
    return names
