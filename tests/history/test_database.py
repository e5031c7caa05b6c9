"""Which database it is, and what happens when it does not answer."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bench.servers import free_port
from history.entries import entry
from pydantic import SecretStr

from wyoming_openspeakers.config.tree import HistoryConfig
from wyoming_openspeakers.errors import ConfigError
from wyoming_openspeakers.history.database import HistoryUnavailable, database_url
from wyoming_openspeakers.history.entry import Search
from wyoming_openspeakers.history.store import HistoryStore

if TYPE_CHECKING:
    from history.postgresql import PostgreSQL

FILE = Path("history.db")


def test_a_file_unless_a_server_is_named() -> None:
    assert database_url("", FILE).render_as_string() == "sqlite:///history.db"
    for setting in ("postgresql://u:p@h/n", "postgres://u:p@h/n", "postgresql+psycopg://u:p@h/n"):
        assert database_url(setting, FILE).render_as_string(hide_password=False) == "postgresql+psycopg://u:p@h/n"


@pytest.mark.parametrize("setting", ["nonsense", "mysql://u:topsecret@h/n", "postgresql://u:topsecret@h:port/n"])
def test_what_is_no_database_is_refused_in_one_line(setting: str) -> None:
    with pytest.raises(ConfigError) as refused:
        database_url(setting, FILE)
    assert "topsecret" not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "history.database" in str(refused.value)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    config = HistoryConfig(database=SecretStr("postgresql://u:p@127.0.0.1:1/n"))
    with pytest.raises(ConfigError, match=r"pip install 'wyoming-openspeakers\[postgresql\]'"):
        asyncio.run(HistoryStore(config, tmp_path).start())


async def test_a_server_that_does_not_answer_is_told_in_one_line_without_the_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    config = HistoryConfig(database=SecretStr(f"postgresql://u:topsecret@127.0.0.1:{free_port()}/n"))
    with pytest.raises(ConfigError) as refused:
        await HistoryStore(config, tmp_path).start()
    assert "refused" in str(refused.value)
    assert "topsecret" not in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(ConfigError, match="cannot be"):
        await HistoryStore(HistoryConfig(), tmp_path / "data").start()


@pytest.mark.slow
async def test_the_loop_goes_on_while_the_database_works(tmp_path: Path) -> None:
    store = HistoryStore(HistoryConfig(), tmp_path)
    await store.start()
    gaps: list[float] = []

    async def tick() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            gaps.append(time.perf_counter() - before)

    ticking = asyncio.create_task(tick())
    await store.add(*(entry(text=f"The window number {number} is open") for number in range(3000)))
    await store.settle()
    await store.page(Search(words="window"))
    ticking.cancel()
    await store.stop()
    assert len(gaps) > 20
    assert max(gaps) < 0.5


async def test_a_closed_history_says_so(tmp_path: Path) -> None:
    store = HistoryStore(HistoryConfig(), tmp_path)
    with pytest.raises(HistoryUnavailable):
        await store.page(Search())
    await store.start()
    await store.stop()
    await store.stop()
    with pytest.raises(HistoryUnavailable):
        await store.add(entry())


@pytest.mark.slow
async def test_a_server_that_goes_away_is_found_again(
    postgresql: PostgreSQL, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = HistoryStore(HistoryConfig(database=SecretStr(postgresql.new_database())), tmp_path)
    await store.start()
    try:
        await store.add(kept := entry())
        await asyncio.to_thread(postgresql.stop)
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                with pytest.raises(HistoryUnavailable) as error:
                    await store.add(entry())
                assert "secret-word" not in str(error.value)
                with pytest.raises(HistoryUnavailable):
                    await store.page(Search())
        await asyncio.to_thread(postgresql.start)
        await store.add(later := entry())
        assert (await store.page(Search())).entries == (later, kept)
    finally:
        await store.stop()
