"""The index of the history: for each property that entries have, the set of those that have it.

Entries are numbered as they come; sets are kept for CHUNK numbers at a time. A list with any filters on any of its
pages is a few sets combined, and what was deleted leaves no trace in them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, bindparam, text

from .bitmaps import CHUNK, Bits, Numbers, bits, numbers, packed, together, unpacked, without
from .tables import storable

ALL: Final = "*"
"""Every entry has it."""

PROPERTIES: Final = ("kind", "status", "model", "voice", "profile", "front")
"""What can be filtered by."""

_AT_ONCE = 500
_NONE = np.array([], np.uint16)

_READ = text("SELECT chunk, token, bits FROM marks WHERE chunk IN :chunks AND token IN :tokens").bindparams(
    bindparam("chunks", expanding=True), bindparam("tokens", expanding=True)
)
_WRITE = text(
    "INSERT INTO marks (chunk, token, bits) VALUES (:chunk, :token, :bits)"
    " ON CONFLICT (chunk, token) DO UPDATE SET bits = excluded.bits"
)
_REMOVE = text("DELETE FROM marks WHERE chunk = :chunk AND token = :token")
_SOME_OF = text("SELECT token, bits FROM marks WHERE chunk = :chunk AND token > :last ORDER BY token LIMIT :most")
_CHUNKS = text("SELECT (SELECT MIN(chunk) FROM marks), (SELECT MAX(chunk) FROM marks)")


def property_token(name: str, value: str) -> str:
    """What stands for a property."""
    return f"{name}={storable(value)}"


def property_tokens(values: Mapping[str, Any]) -> set[str]:
    """What stands for the properties of an entry."""
    return {ALL, *(property_token(name, values[name]) for name in PROPERTIES if values[name] is not None)}


class Change:
    """Marks to set and to take away, collected so that each set is written once."""

    def __init__(self) -> None:
        self._add: dict[tuple[int, str], list[int]] = defaultdict(list)
        self._drop: dict[tuple[int, str], list[int]] = defaultdict(list)
        self._add_sets: dict[tuple[int, str], Numbers] = {}

    def add(self, seq: int, tokens: Iterable[str]) -> None:
        """Mark an entry."""
        chunk, number = divmod(seq, CHUNK)
        for token in tokens:
            self._add[chunk, token].append(number)

    def add_set(self, chunk: int, token: str, which: Numbers) -> None:
        """Mark several entries of a chunk."""
        self._add_sets[chunk, token] = which

    def drop(self, seq: int, tokens: Iterable[str]) -> None:
        """Take marks from an entry."""
        chunk, number = divmod(seq, CHUNK)
        for token in tokens:
            self._drop[chunk, token].append(number)

    def write(self, connection: Connection) -> None:
        """Make it so."""
        for chunk, keys in groupby(sorted({*self._add, *self._drop, *self._add_sets}), key=lambda key: key[0]):
            tokens = [token for _, token in keys]
            for begin in range(0, len(tokens), _AT_ONCE):
                self._write(connection, chunk, tokens[begin : begin + _AT_ONCE])

    def _write(self, connection: Connection, chunk: int, tokens: Sequence[str]) -> None:
        was = {token: kept for _, token, kept in connection.execute(_READ, {"chunks": [chunk], "tokens": tokens})}
        after: dict[str, Numbers] = {}
        for token in tokens:
            now = unpacked(was[token]) if token in was else _NONE
            if drop := self._drop.get((chunk, token)):
                now = without(now, numbers(drop))
            if add := self._add.get((chunk, token)):
                now = together(now, numbers(add))
            if (chunk, token) in self._add_sets:
                now = together(now, self._add_sets[chunk, token])
            after[token] = now
        _write(connection, chunk, after)


def drop_all(connection: Connection, chunk: int, gone: Numbers) -> None:
    """Take all marks from many entries of a chunk."""
    last = ""
    while kept := connection.execute(_SOME_OF, {"chunk": chunk, "last": last, "most": _AT_ONCE}).all():
        sets = {token: unpacked(was) for token, was in kept}
        left = {token: without(some, gone) for token, some in sets.items()}
        _write(connection, chunk, {token: some for token, some in left.items() if len(some) < len(sets[token])})
        last = kept[-1].token


def chunks(connection: Connection) -> range:
    """The chunks that there are."""
    first, last = connection.execute(_CHUNKS).one()
    return range(0) if first is None else range(first, last + 1)


def read(connection: Connection, which: Sequence[int], tokens: Iterable[str]) -> Iterator[tuple[int, dict[str, Bits]]]:
    """The sets of these tokens, chunk by chunk, without those that are empty."""
    found: dict[int, dict[str, Bits]] = defaultdict(dict)
    wanted = list(tokens)
    if wanted and which:
        for chunk, token, kept in connection.execute(_READ, {"chunks": list(which), "tokens": wanted}):
            found[chunk][token] = bits(kept)
    for chunk in sorted(found, reverse=True):
        yield chunk, found[chunk]


def _write(connection: Connection, chunk: int, sets: Mapping[str, Numbers]) -> None:
    """Let the sets of a chunk be these; empty ones are not kept."""
    writes = [{"chunk": chunk, "token": token, "bits": packed(some)} for token, some in sets.items() if len(some)]
    removals = [{"chunk": chunk, "token": token} for token, some in sets.items() if not len(some)]
    if writes:
        connection.execute(_WRITE, writes)
    if removals:
        connection.execute(_REMOVE, removals)
