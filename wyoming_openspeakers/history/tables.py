"""The tables of the history."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    ColumnElement,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Row,
    String,
    Table,
    Text,
    bindparam,
    event,
    text,
)

from .dates import INDEX as CREATED_INDEX
from .entry import Entry

METADATA: Final = MetaData()

ENTRIES: Final = Table(
    "entries",
    METADATA,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("id", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("status", String, nullable=False),
    Column("created", Float, nullable=False),
    Column("front", String, nullable=False),
    Column("client", String, nullable=False),
    Column("text", Text),
    Column("characters", Integer, nullable=False),
    Column("model", String),
    Column("voice", String),
    Column("profile", String),
    Column("language", String),
    Column("parameters", Text, nullable=False),
    Column("batch", String),
    Column("position", Integer, nullable=False),
    Column("started", Float),
    Column("completed", Float),
    Column("queued", Float),
    Column("first_audio", Float),
    Column("total", Float),
    Column("seconds", Float),
    Column("error", Text),
    Column("format", String),
    Column("file", String),
    Column("bytes", BigInteger, nullable=False),
)

# As plain SQL, which both databases take: an Index with a condition would load every driver of PostgreSQL.
_DDL: Any = DDL
for statement in (
    "CREATE INDEX entries_batch ON entries (batch, seq) WHERE batch IS NOT NULL",
    "CREATE INDEX entries_file ON entries (seq, bytes) WHERE file IS NOT NULL",
    CREATED_INDEX,
):
    event.listen(ENTRIES, "after_create", _DDL(statement))

STATE: Final = Table(
    "state",
    METADATA,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)

MARKS: Final = Table(
    "marks",
    METADATA,
    Column("chunk", Integer, nullable=False),
    Column("token", String(collation="C").with_variant(String(), "sqlite"), nullable=False),
    Column("bits", LargeBinary, nullable=False),
    PrimaryKeyConstraint("chunk", "token", name="marks_pkey"),
    sqlite_with_rowid=False,
)

VERSION: Final = text("SELECT version_num FROM alembic_version")

FIELDS: Final = tuple(field.name for field in fields(Entry))
COLUMNS: Final = tuple(ENTRIES.c[name] for name in FIELDS)


def numbered(numbers: Sequence[int]) -> ColumnElement[bool]:
    """Whether an entry has one of these numbers."""
    # Written into the statement: so many parameters take databases longer than what they ask for.
    return ENTRIES.c.seq.in_(bindparam("numbers", numbers, expanding=True, literal_execute=True))


def row_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of an entry as they are kept."""
    return {name: _stored(name, value) for name, value in values.items()}


def entry_of(row: Row[Any]) -> Entry:
    """An entry from COLUMNS."""
    values = dict(zip(FIELDS, row, strict=True))
    values["parameters"] = json.loads(values["parameters"])
    return Entry(**values)


def entries_of(rows: Iterable[Row[Any]]) -> list[Entry]:
    """The same for several."""
    return [entry_of(row) for row in rows]


def _stored(name: str, value: Any) -> Any:
    if name == "parameters":
        return json.dumps(dict(value))
    return storable(value) if isinstance(value, str) else value


def storable(value: str) -> str:
    """Without what a database refuses: NUL, and halves of characters."""
    if value.isascii() and "\0" not in value:
        return value
    return value.replace("\0", "").encode("utf-8", "replace").decode()
