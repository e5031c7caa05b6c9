"""The database of the history: a file or a PostgreSQL server, used from threads of its own."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError

from ..errors import ConfigError, Conflict, SpeechError

_READERS = 2
_CONNECT_SECONDS = 5
_BUSY_SECONDS = 10
_SCRUB_SECONDS = 0.5
"""How long to wait for readers to be done; nothing is written meanwhile."""

_POSTGRESQL_LOCK = 0x6F70656E73706B
"""Whoever writes holds it, so that several services may share a server."""

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class HistoryUnavailable(SpeechError):
    """The database of the history does not answer."""

    code = "history-unavailable"
    http_status = 503


class Database:
    """Runs work in transactions: one thread writes, a few read; no call blocks the event loop."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.on_damage: Callable[[], None] = lambda: None
        """Called when the file turns out to be damaged."""

        self.is_to_be_scrubbed = False
        """Somebody was reading, so that something of what was deleted may be left."""

        self._engine: Engine | None = None
        self._writer: ThreadPoolExecutor | None = None
        self._readers: ThreadPoolExecutor | None = None

    @property
    def file(self) -> Path | None:
        """Where it is, None when it is on a server."""
        return Path(self.url.database) if self.is_file and self.url.database else None

    @property
    def is_file(self) -> bool:
        """Whether it is an SQLite file."""
        return self.url.get_backend_name() == "sqlite"

    def open(self) -> None:
        """Make the threads; connections are made as they are needed."""
        self._engine = engine_for(self.url)
        self._writer = ThreadPoolExecutor(1, "history-writer")
        self._readers = ThreadPoolExecutor(_READERS, "history-reader")

    async def close(self) -> None:
        """Finish what was begun."""
        writer, readers, engine = self._writer, self._readers, self._engine
        self._writer = self._readers = self._engine = None
        if not writer or not readers or not engine:
            return

        def end() -> None:
            writer.shutdown()
            readers.shutdown()
            engine.dispose()

        await asyncio.to_thread(end)

    async def read(
        self,
        work: Callable[Concatenate[Connection, _Arguments], _Result],
        *arguments: _Arguments.args,
        **named: _Arguments.kwargs,
    ) -> _Result:
        """Run something that changes nothing; it sees the database at one moment."""
        return await self._run(self._readers, False, lambda connection: work(connection, *arguments, **named))

    async def write(
        self,
        work: Callable[Concatenate[Connection, _Arguments], _Result],
        *arguments: _Arguments.args,
        **named: _Arguments.kwargs,
    ) -> _Result:
        """Run something that changes the database: all of it or, when it raises, nothing; one after the other."""
        return await self._run(self._writer, True, lambda connection: work(connection, *arguments, **named))

    async def _run(
        self, threads: ThreadPoolExecutor | None, writes: bool, work: Callable[[Connection], _Result]
    ) -> _Result:
        engine = self._engine
        if not threads or not engine:
            raise HistoryUnavailable("The history is closed")

        def run() -> _Result:
            try:
                with engine.connect().execution_options(writes=writes) as connection, connection.begin():
                    return work(connection)
            except IntegrityError as error:
                raise Conflict("The history has an entry of this name") from error
            except DBAPIError as error:
                if is_damage(error):
                    self.on_damage()
                raise HistoryUnavailable(f"The history cannot be used: {one_line(error, self.url)}") from error

        return await asyncio.get_running_loop().run_in_executor(threads, run)

    async def scrub(self) -> None:
        """Leave nothing of what was deleted in the write-ahead log of a file."""
        engine, writer = self._engine, self._writer
        if not self.is_file or not engine or not writer:
            return

        def checkpoint() -> None:
            with engine.connect() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None
                raw.execute(f"PRAGMA busy_timeout={_SCRUB_SECONDS * 1000:.0f}")
                try:
                    busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                finally:
                    raw.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")
                self.is_to_be_scrubbed = bool(busy)

        await asyncio.get_running_loop().run_in_executor(writer, checkpoint)


def database_url(setting: str, default: Path) -> URL:
    """The database that a setting names, the default file when it is empty."""
    if not setting:
        return URL.create("sqlite", database=str(default))
    try:
        url = make_url(setting)
    except (ArgumentError, ValueError):
        raise ConfigError("history.database is no URL such as postgresql://USER:PASSWORD@HOST/NAME") from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("postgresql", "sqlite"):
        raise ConfigError(f"history.database: {url.drivername} is not supported; use postgresql:// or leave it empty")
    return url


def engine_for(url: URL) -> Engine:
    """An engine with everything set as the history wants it."""
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        engine = create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": _CONNECT_SECONDS})
    except ModuleNotFoundError:
        raise ConfigError("history.database needs a driver: pip install 'wyoming-openspeakers[postgresql]'") from None
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def make_private(file: Path) -> None:
    """Create a database file that only its owner reads; SQLite gives its companions the same mode."""
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    for path in (file, *companions(file)):
        if path.exists():
            path.chmod(0o600)


def companions(file: Path) -> tuple[Path, Path]:
    """What SQLite keeps beside a file."""
    return file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")


def is_damage(error: DBAPIError) -> bool:
    """Whether a file is not, or no longer, a database."""
    return isinstance(error.orig, sqlite3.DatabaseError) and any(
        words in str(error.orig) for words in ("malformed", "not a database", "file is encrypted")
    )


def one_line(error: DBAPIError, url: URL) -> str:
    """What a database said, without the password."""
    line = next(iter(str(error.orig).strip().splitlines()), type(error.orig).__name__)
    return line.replace(url.password, "***") if url.password else line


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # Transactions are begun by the listener below, at the moment and in the way that it says.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "temp_store=MEMORY",
        "cache_size=-4000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that first reads and then writes fails when another process wrote in between; this one waits.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_POSTGRESQL_LOCK})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
