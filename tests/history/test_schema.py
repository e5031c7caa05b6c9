"""The database is made, brought up to date, and never lost silently."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import pytest
from history.conftest import OpenStore
from history.entries import entry
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SAWarning

from wyoming_openspeakers.errors import ConfigError, SpeechError
from wyoming_openspeakers.history import migrate as migrating
from wyoming_openspeakers.history.database import database_url
from wyoming_openspeakers.history.entry import Search
from wyoming_openspeakers.history.migrate import migrate
from wyoming_openspeakers.history.schema import VERSIONS


@pytest.fixture
def url(database: str, tmp_path: Path) -> URL:
    return database_url(database, tmp_path / "history.db")


def shape(url: URL) -> dict[str, Any]:
    """Everything that a database says of its tables."""
    engine = create_engine(url)
    looked = inspect(engine)
    with warnings.catch_warnings():
        # It does not tell all indexes of a file, which are asked for below.
        warnings.simplefilter("ignore", SAWarning)
        tables: dict[str, Any] = {
            table: (
                [{**column, "type": str(column["type"])} for column in looked.get_columns(table)],
                looked.get_pk_constraint(table),
                looked.get_unique_constraints(table),
            )
            for table in looked.get_table_names()
        }
    indexes = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        if url.get_backend_name() == "sqlite"
        else "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    )
    with engine.connect() as connection:
        tables["indexes"] = sorted(map(tuple, connection.execute(text(indexes))))
    engine.dispose()
    return tables


def run_sql(url: URL, *statements: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_the_versions_are_those_of_the_scripts() -> None:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(Path(migrating.__file__).with_name("migrations")))
    assert tuple(script.revision for script in reversed(list(scripts.walk_revisions()))) == VERSIONS


async def test_step_by_step_comes_to_the_same_as_all_at_once(
    open_store: OpenStore, url: URL, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    store = await open_store()
    await store.stop()
    is_file = url.get_backend_name() == "sqlite"
    other = database_url("" if is_file else request.getfixturevalue("postgresql").new_database(), tmp_path / "other.db")
    migrate(other)
    assert shape(other) == shape(url)


@pytest.mark.slow
async def test_an_older_database_is_brought_up_to_date_with_what_is_in_it(open_store: OpenStore, url: URL) -> None:
    store = await open_store()
    some = [
        entry(text=f"Window {number} is open", status="failed" if number % 3 else "complete") for number in range(9)
    ]
    await store.add(*some)
    await store.stop()
    migrate(url, VERSIONS[0])
    assert "marks" not in shape(url)

    store = await open_store()
    assert (await store.page(Search())).entries == tuple(some[::-1])
    assert (await store.page(Search(words="window 7"))).entries == (some[7],)
    await store.settle()
    assert (await store.page(Search(words="window 7", status="failed"))).entries == (some[7],)
    assert (await store.page(Search(status="complete"))).total == 3
    await store.add(later := entry())
    assert (await store.page(Search())).entries[0] == later


async def test_all_the_way_down_leaves_nothing_and_up_again_works(open_store: OpenStore, url: URL) -> None:
    store = await open_store()
    await store.add(entry(text="x"))
    await store.stop()
    migrate(url, "base")
    assert set(shape(url)) == {"alembic_version", "indexes"}
    store = await open_store()
    assert (await store.page(Search())).total == 0
    await store.add(entry(text="x"))


async def test_a_database_of_a_newer_version_is_left_alone(open_store: OpenStore, url: URL) -> None:
    store = await open_store()
    await store.add(kept := entry())
    await store.stop()
    run_sql(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError, match=r"newer version.*9999"):
        await open_store()
    run_sql(url, f"UPDATE alembic_version SET version_num = '{VERSIONS[-1]}'")
    store = await open_store()
    assert await store.get(kept.id) == kept


def _moved_aside(folder: Path) -> list[Path]:
    return list(folder.glob("history.db.damaged-*"))


@pytest.mark.parametrize("content", [b"This is no database, but it is long enough to be one. " * 100, b"\0" * 5000])
@pytest.mark.parametrize("database", [""])
async def test_a_damaged_file_is_moved_aside(
    open_store: OpenStore, tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    (tmp_path / "history.db").write_bytes(content)
    with caplog.at_level(logging.WARNING):
        store = await open_store()
    (aside,) = _moved_aside(tmp_path)
    assert aside.read_bytes() == content
    assert "is damaged" in caplog.text
    assert aside.name in caplog.text
    await store.add(entry())


@pytest.mark.parametrize("database", [""])
async def test_damage_that_is_met_later_is_mended_by_the_next_start(
    open_store: OpenStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = await open_store()
    await store.add(*(first := [entry(text="x" * 500) for _ in range(200)]))
    path = store.new_file(first[0].id, "flac")
    await store.keep(first[0].id, path)
    await store.stop()
    file = tmp_path / "history.db"
    content = bytearray(file.read_bytes())
    content[4096 * 5 :] = b"\xff" * (len(content) - 4096 * 5)
    file.write_bytes(content)

    with pytest.raises(SpeechError):
        store = await open_store()
        await store.page(Search())
        for one in first:
            await store.get(one.id)
    await store.stop()
    store = await open_store()
    assert (await store.page(Search())).total == 0
    assert _moved_aside(tmp_path)
    assert path.exists()
