"""A side server of jobs and history, and a client that asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
from working_jobs import Working
from yarl import URL

from wyoming_openspeakers.fronts.http.jobs.batches import BatchRoutes
from wyoming_openspeakers.fronts.http.jobs.history import HistoryRoutes
from wyoming_openspeakers.fronts.http.jobs.jobs import JobRoutes
from wyoming_openspeakers.fronts.http.server import HttpServer


class JobClient:
    """Asks the server."""

    def __init__(self, session: aiohttp.ClientSession, working: Working) -> None:
        self.session = session
        self.working = working

    async def ask(self, method: str, path: str | URL, status: int = 200, **more: Any) -> Any:
        """What is answered, which must have this status."""
        async with self.session.request(method, path, **more) as answer:
            is_json = answer.content_type == "application/json"
            body = await answer.json() if is_json else await answer.read()
            assert answer.status == status, body
            return body

    async def generate(self, text: str, **more: Any) -> str:
        """The id of a new job."""
        body = {"model_id": "fault", "text": text, "output_format": "wav", **more}
        job: str = (await self.ask("POST", "/api/tts/generate", 202, json=body))["job_id"]
        return job

    async def over(self, id: str) -> Any:
        """How a job ended."""
        await self.working.over(id)
        return await self.ask("GET", f"/api/tts/jobs/{id}")

    async def batch(self, *lines: str, **more: Any) -> Any:
        """A new batch."""
        body = {"model_id": "fault", "lines": lines, "output_format": "wav", **more}
        return await self.ask("POST", "/api/tts/batch", 202, json=body)


@asynccontextmanager
async def job_client(
    data: Path, models: dict[str, dict[str, Any]] | None = None, **flags: Any
) -> AsyncIterator[JobClient]:
    """A server of its own: `job_client(tmp_path, jobs__at_once=1)`."""
    settings = {name.replace("__", "."): value for name, value in flags.items()}
    async with Working(data, models or {}, {"http.address": "127.0.0.1:0", **settings}) as working:
        parts: Any = SimpleNamespace(
            config=working.config,
            bus=working.bus,
            manager=working.manager,
            speech=working.speech,
            history=working.history,
            jobs=working.jobs,
        )
        server = HttpServer(parts, (JobRoutes, BatchRoutes, HistoryRoutes))
        await server.start()
        try:
            async with aiohttp.ClientSession(server.url) as session:
                yield JobClient(session, working)
        finally:
            await server.stop()
