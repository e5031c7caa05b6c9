"""Jobs of a service that is killed, run by the next one."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from fault_models import models_file

pytestmark = pytest.mark.slow

Serve = Callable[..., Any]


def settings(folder: Path) -> list[str]:
    """Only the engine that does what the text says, to the letter."""
    models, config = folder / "models.yaml", folder / "config.yaml"
    models.write_text(yaml.safe_dump(models_file(fault={})))
    config.write_text(yaml.safe_dump({"text": {"numbers": False}, "jobs": {"at_once": 1}}))
    return ["--models", str(models), "--config", str(config)]


async def ask(url: str, method: str, path: str, **more: Any) -> Any:
    async with aiohttp.ClientSession(url) as session, session.request(method, path, **more) as answer:
        assert answer.ok, await answer.text()
        return await answer.json()


async def until_all(url: str, batch: str, **counts: int) -> Any:
    """Wait until the jobs of a batch are so far."""
    deadline = time.monotonic() + 30
    while (shown := await ask(url, "GET", f"/api/tts/batches/{batch}"))["status_counts"] != counts:
        assert time.monotonic() < deadline, shown
        await asyncio.sleep(0.05)
    return shown


async def test_jobs_outlive_a_kill(serve: Serve, tmp_path: Path) -> None:
    arguments = settings(tmp_path)
    first = serve(*arguments)
    body = {"model_id": "fault", "lines": ["tone", "tone sleep:1.5", "tone tone"]}
    batch = (await ask(first.url, "POST", "/api/tts/batch", json=body))["batch_id"]
    await until_all(first.url, batch, complete=1, running=1, pending=1)
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    second = serve(*arguments)
    jobs = (await until_all(second.url, batch, complete=3))["jobs"]
    assert [job["error_message"] for job in jobs] == [None] * 3
    audio = [path for path in (tmp_path / "data" / "history").rglob("*") if path.is_file()]
    assert len(audio) == 3
    assert second.stop()[0] == 0


async def test_an_orderly_stop_waits_for_no_job(serve: Serve, tmp_path: Path) -> None:
    service = serve(*settings(tmp_path))
    body = {"model_id": "fault", "lines": ["tone sleep:60"] * 20}
    batch = (await ask(service.url, "POST", "/api/tts/batch", json=body))["batch_id"]
    await until_all(service.url, batch, running=1, pending=19)
    began = time.monotonic()
    status, errors = service.stop()
    assert status == 0 and "Traceback" not in errors
    assert time.monotonic() - began < 4
