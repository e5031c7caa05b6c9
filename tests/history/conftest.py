"""Histories in a file and on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from history.postgresql import PostgreSQL
from pydantic import SecretStr

from wyoming_openspeakers.config.tree import HistoryConfig
from wyoming_openspeakers.history.store import HistoryStore

OpenStore = Callable[..., Awaitable[HistoryStore]]

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For tests of what only a file has."""


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server, where it is installed."""
    programs = PostgreSQL.programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    server = PostgreSQL(programs)
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database(request: pytest.FixtureRequest) -> str:
    """What `history.database` is set to: nothing for a file, or an empty database on a server."""
    if request.param == "sqlite":
        return ""
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.new_database()


@pytest.fixture
async def open_store(database: str, tmp_path: Path) -> AsyncIterator[OpenStore]:
    """Open the history: `store = await open_store(entries=10)`; again with the same folder for a restart."""
    async with AsyncExitStack() as stack:

        async def begin(**settings: Any) -> HistoryStore:
            # The entries of tests are of 1970: they stay, unless a test is about that.
            known = {"database": SecretStr(database), "audio_days": 0, **settings}
            store = HistoryStore(HistoryConfig(**known), tmp_path)
            await store.start()
            stack.push_async_callback(store.stop)
            return store

        yield begin


@pytest.fixture
async def store(open_store: OpenStore) -> HistoryStore:
    """An empty history."""
    return await open_store()
