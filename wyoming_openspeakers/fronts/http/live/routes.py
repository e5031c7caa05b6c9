"""What happens now, told over WebSockets."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from aiohttp import web
from pydantic import Field, field_validator
from pydantic_core import to_json

from ....errors import Busy, NotFound
from ....jobs.event import JobEvent
from ..api import Call, Operation, Query
from ..parts import Parts
from .event_history import EVENT_TYPES, EventHistory, frame
from .outbox import Outbox
from .sockets import LiveSockets

_TAG = "Live"
_BETWEEN_READINGS = 1.0


class EventsQuery(Query):
    """Which events."""

    types: str = Field("", max_length=500, description=f"Only these, with commas between: {', '.join(EVENT_TYPES)}.")
    since: int | None = Field(None, ge=0, description="Tell first what happened after the event of this number.")

    @field_validator("types")
    @classmethod
    def _are_known(cls, value: str) -> str:
        if unknown := sorted(set(filter(None, value.split(","))) - set(EVENT_TYPES)):
            raise ValueError(f"there is no event {unknown[0]!r}; events: {', '.join(EVENT_TYPES)}")
        return value


class LiveRoutes:
    """Tells of events, GPUs and jobs."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._history = EventHistory(parts.bus, texts=parts.config.history.texts)
        self._sockets = LiveSockets()
        self._began = time.time()

    def operations(self) -> Sequence[Operation]:
        """What can be looked at."""
        return (
            Operation(
                "GET",
                "/ws/events",
                self._events,
                "Watch all that happens",
                _TAG,
                "A WebSocket of JSON: `type`, `seq`, `time` and `data`. What happened after `since` comes first, then "
                "one message of the type `snapshot` with all models, downloads and requests, then what happens. "
                "Numbers begin anew when the service is started, which `started` in the snapshot tells. Who does not "
                "keep up is closed with 1013.",
                query=EventsQuery,
                status=101,
                errors=(Busy,),
                websocket=True,
            ),
            Operation(
                "GET",
                "/ws/gpu",
                self._gpus,
                "Watch the GPUs",
                _TAG,
                "A WebSocket of JSON: a reading each second, with a `problem` in words where there is no GPU.",
                status=101,
                errors=(Busy,),
                websocket=True,
            ),
            Operation(
                "GET",
                "/ws/jobs/{id}",
                self._job,
                "Watch a job",
                _TAG,
                "A WebSocket of JSON: queued, loading, generating, audio_chunk (`audio` is base64 of 16-bit mono at "
                "`rate`), progress, complete, failed, cancelled. Who comes late gets all from the start. It is closed "
                "after the end.",
                status=101,
                errors=(NotFound, Busy),
                websocket=True,
                parameters={"id": "The job's id."},
            ),
        )

    async def _events(self, call: Call[None, EventsQuery]) -> web.StreamResponse:
        types = frozenset(filter(None, call.query.types.split(",")))
        return await self._sockets.serve(call.request, self._told(types, call.query.since))

    async def _gpus(self, call: Call[None, Query]) -> web.StreamResponse:
        return await self._sockets.serve(call.request, self._readings())

    async def _job(self, call: Call[None, Query]) -> web.StreamResponse:
        return await self._sockets.serve(call.request, self._steps(call.path["id"]))

    async def _told(self, types: frozenset[str], since: int | None) -> AsyncGenerator[str, None]:
        outbox = Outbox()
        with self._history.told_to(outbox, types):
            earlier = [] if since is None else self._history.since(since, types)
            snapshot = self._snapshot()
            for text in (*earlier, snapshot):
                yield text
            while True:
                yield await outbox.get()

    def _snapshot(self) -> str:
        manager = self._parts.manager
        residents = manager.residents
        models = {
            name: {"state": residents.state(name), "device": residents.place(name), "memory": residents.memory(name)}
            for name in manager.registry.models
        }
        return frame(
            "snapshot",
            self._history.number,
            {
                "started": self._began,
                "models": models,
                "downloads": manager.downloads.active(),
                "jobs": list(self._history.jobs.values()),
            },
        )

    async def _readings(self) -> AsyncGenerator[str, None]:
        number = 0
        while True:
            yield frame("gpus", number, await self._parts.gpus.read())
            number += 1
            await asyncio.sleep(_BETWEEN_READINGS)

    async def _steps(self, job: str) -> AsyncGenerator[str, None]:
        watching: Any = self._parts.jobs.watch(job)
        async with aclosing(watching) as events:
            async for event in events:
                yield _job_frame(job, event)


def _job_frame(job: str, event: JobEvent) -> str:
    data = dict(event.data)
    if isinstance(audio := data.get("audio"), bytes):
        data["audio"] = base64.b64encode(audio).decode()
    return to_json({"type": event.type, "job_id": job, **data}, inf_nan_mode="null").decode()
