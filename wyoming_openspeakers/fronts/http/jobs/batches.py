"""Batches: lines that are spoken into a file each, and had as one archive."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from pathlib import Path

from aiohttp import web

from ....errors import Busy, InvalidRequest, ModelUnavailable, NotFound, TextTooLong, UnknownModel, UnknownVoice
from ....history.entry import Entry
from ....jobs.stored import stepwise
from ..api import Call, Media, Operation, Query
from ..parts import Parts
from .entry_id import id_of
from .file_names import file_name
from .submit import job_requests
from .types import Batch, BatchBody, BatchSubmitted
from .view import JobView
from .zipped import zipped

_TAG = "Batches"
_ID = {"id": "Id of a batch."}
_BATCHES = "/api/tts/batches"
_ZIP = "application/zip"


class BatchRoutes:
    """`/api/tts/batch` and `/api/tts/batches`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._jobs = parts.jobs
        self._history = parts.history
        self._view = JobView(parts.jobs)

    def operations(self) -> Sequence[Operation]:
        """Send, show, cancel and fetch batches."""
        return (
            Operation(
                "POST", "/api/tts/batch", self._submit, "Speak lines into a file each", _TAG,
                description="All lines are taken or none. Single jobs go before batches.",
                body=BatchBody, answer=BatchSubmitted, status=202,
                errors=(UnknownModel, UnknownVoice, ModelUnavailable, InvalidRequest, TextTooLong, Busy),
            ),
            Operation(
                "GET", _BATCHES + "/{id}", self._show, "Show a batch and its jobs", _TAG,
                answer=Batch, errors=(NotFound,), parameters=_ID,
            ),
            Operation(
                "DELETE", _BATCHES + "/{id}", self._cancel, "Cancel what is not over of a batch", _TAG,
                errors=(NotFound,), parameters=_ID,
            ),
            Operation(
                "GET", _BATCHES + "/{id}/zip", self._zip, "Get the audio that is complete as a ZIP archive", _TAG,
                answer=Media((_ZIP,), "Files such as `001-the-first-words.mp3`."), errors=(NotFound,), parameters=_ID,
            ),
        )  # fmt: skip

    async def _submit(self, call: Call[BatchBody, Query]) -> BatchSubmitted:
        body = call.body
        entries = await self._jobs.submit_batch(
            await job_requests(self._parts.manager, body, body.lines, call.client)
        )
        return BatchSubmitted(
            batch_id=entries[0].batch or "", job_ids=[entry.id for entry in entries], total=len(entries)
        )

    async def _show(self, call: Call[None, Query]) -> Batch:
        id = id_of(call)
        entries = await self._history.batch(id)
        return Batch(
            batch_id=id,
            total=len(entries),
            status_counts=dict(Counter(entry.status for entry in entries)),
            jobs=[self._view.job(entry) for entry in entries],
        )

    async def _cancel(self, call: Call[None, Query]) -> None:
        await self._jobs.cancel_batch(id_of(call))

    async def _zip(self, call: Call[None, Query]) -> web.StreamResponse:
        id = id_of(call)
        entries = await self._history.batch(id)
        files = await asyncio.to_thread(self._kept, entries)
        if not files:
            raise NotFound(f"Nothing of batch {id} is complete and kept")
        response = web.StreamResponse(
            headers={
                "Content-Type": _ZIP,
                "Content-Disposition": f'attachment; filename="batch-{id[:8]}.zip"',
            }
        )
        await response.prepare(call.request)
        if call.request.method == "HEAD":
            return response
        async with aclosing(stepwise(zipped(_named(files, len(entries))))) as pieces:
            async for piece in pieces:
                await response.write(piece)
        await response.write_eof()
        return response

    def _kept(self, entries: Sequence[Entry]) -> list[tuple[Entry, Path]]:
        complete = [entry for entry in entries if entry.status == "complete"]
        return [(entry, path) for entry in complete if (path := self._history.file(entry))]


def _named(files: Sequence[tuple[Entry, Path]], total: int) -> Iterator[tuple[str, Path]]:
    digits = max(3, len(str(total)))
    for entry, path in files:
        yield file_name(entry.text, entry.format or path.suffix[1:], entry.position + 1, digits), path
