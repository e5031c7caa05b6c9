"""Services whose histories only these tests fill."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from conftest import ServeProcess
from fault_models import models_file
from processes import SHARED

from wyoming_openspeakers.config.tree import HistoryConfig
from wyoming_openspeakers.history.entry import Entry
from wyoming_openspeakers.history.store import HistoryStore


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeProcess]:
    """With the default voice."""
    process = ServeProcess(tmp_path_factory.mktemp("jobs") / "data")
    SHARED.add(process.process.pid)
    yield process
    process.stop()


@pytest.fixture
def faulty(serve: Callable[..., ServeProcess], tmp_path: Path) -> ServeProcess:
    """With an engine that does what its text says."""
    models = tmp_path / "models.yaml"
    models.write_text(yaml.safe_dump(models_file(fault={})))
    return serve("--models", str(models), OPENSPEAKERS__TEXT__NUMBERS="false")


@pytest.fixture
def days(serve: Callable[..., ServeProcess], tmp_path: Path) -> ServeProcess:
    """One entry for each hour of the first four days of March 2026, by UTC."""
    data = tmp_path / "data"
    # Playwright has an event loop in this thread.
    writing = threading.Thread(target=lambda: asyncio.run(_speak_each_hour(data)))
    writing.start()
    writing.join()
    return serve(data_dir=data)


async def _speak_each_hour(data: Path) -> None:
    store = HistoryStore(HistoryConfig(), data)
    await store.start()
    hours = [datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(96)]
    await store.add(*(
        Entry(id=f"hour{at}", kind="live", status="complete", created=hour.timestamp(), front="http", model="hibari",
              voice="hibari/heart", text=f"Day {hour.day}, hour {hour.hour}.", seconds=1.0)
        for at, hour in enumerate(hours)
    ))  # fmt: skip
    await store.stop()
