"""Jobs: texts that are spoken into files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from ....errors import (
    Busy,
    Conflict,
    InvalidRequest,
    ModelUnavailable,
    NotFound,
    TextTooLong,
    UnknownModel,
    UnknownVoice,
)
from ....history.entry import OVER, Entry, Search
from ..api import Call, Operation, Query
from ..parts import Parts
from .entry_id import id_of
from .kept_audio import AUDIO, send_audio
from .submit import job_requests
from .types import AudioQuery, DeleteQuery, GenerateBody, Job, JobPage, JobsQuery, Submitted
from .view import JOBS, JobView
from .words import JobWords

_TAG = "Jobs"
_ID = {"id": "Id of a job."}


class JobRoutes:
    """`/api/tts/generate` and `/api/tts/jobs`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._jobs = parts.jobs
        self._history = parts.history
        self._view = JobView(parts.jobs)
        self._words = JobWords(parts.history, self._job)

    def operations(self) -> Sequence[Operation]:
        """Send, list, cancel and hear jobs."""
        return (
            Operation(
                "POST", "/api/tts/generate", self._generate, "Speak a text into a file", _TAG,
                description="Everything is checked before the answer; the job outlives a restart of the service.",
                body=GenerateBody, answer=Submitted, status=202,
                errors=(UnknownModel, UnknownVoice, ModelUnavailable, InvalidRequest, TextTooLong, Busy),
            ),
            Operation(
                "GET", JOBS, self._list, "List jobs, the newest first", _TAG, query=JobsQuery, answer=JobPage,
            ),
            Operation(
                "GET", JOBS + "/{id}", self._show, "Show a job", _TAG,
                answer=Job, errors=(NotFound,), parameters=_ID,
            ),
            Operation(
                "DELETE", JOBS + "/{id}", self._delete, "Cancel a job", _TAG,
                description="The engine stops at once. With `purge`, a job that is over is deleted with its audio.",
                query=DeleteQuery, errors=(NotFound, Conflict), parameters=_ID,
            ),
            Operation(
                "GET", JOBS + "/{id}/audio", self._audio, "Get a job's audio", _TAG,
                query=AudioQuery, answer=AUDIO, by_link=True, errors=(NotFound, Conflict), parameters=_ID,
            ),
            *self._words.operations(JOBS + "/{id}/words", _TAG, _ID),
        )  # fmt: skip

    async def _generate(self, call: Call[GenerateBody, Query]) -> Submitted:
        body = call.body
        (request,) = await job_requests(self._parts.manager, body, [body.text], call.client)
        entry = await self._jobs.submit(request)
        position = self._jobs.position(entry.id)
        message = f"{position} {'job goes' if position == 1 else 'jobs go'} first" if position else "It is spoken next"
        return Submitted(job_id=entry.id, status=entry.status, message=message)

    async def _list(self, call: Call[None, JobsQuery]) -> JobPage:
        query = call.query
        model = query.model_id and (self._parts.manager.registry.resolve(query.model_id) or query.model_id)
        page = await self._history.page(
            Search(
                kinds=("job", "batch"),
                status=query.status,
                model=model or None,
                words=query.search or None,
                since=query.since,
                until=query.until,
                page=query.page,
                page_size=query.page_size,
            )
        )
        jobs = [self._view.job(entry) for entry in page.entries]
        return JobPage(jobs=jobs, total=page.total, page=query.page, page_size=query.page_size)

    async def _show(self, call: Call[None, Query]) -> Job:
        return self._view.job(await self._job(call))

    async def _delete(self, call: Call[None, DeleteQuery]) -> None:
        entry = await self._job(call)
        if not call.query.purge:
            await self._jobs.cancel(entry.id)
            return
        if entry.status not in OVER:
            raise Conflict(f"Job {entry.id} is {entry.status}: cancel it first")
        await self._history.delete(entry.id)

    async def _audio(self, call: Call[None, AudioQuery]) -> web.StreamResponse:
        return await send_audio(call.request, await self._job(call), self._history, call.query.format)

    async def _job(self, call: Call[Any, Any]) -> Entry:
        entry = await self._history.get(id_of(call))
        if entry.kind == "live":
            raise NotFound(f"There is no job {entry.id}")
        return entry
