"""The history: everything that was spoken, over any front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aiohttp import web

from ....errors import Conflict, InvalidRequest, NotFound
from ....history.entry import OVER, Search
from ..api import Call, Operation, Query
from ..errors import Unprocessable
from ..parts import Parts
from .entry_id import id_of
from .kept_audio import AUDIO, send_audio
from .types import AudioQuery, ClearQuery, Deleted, HistoryFilters, HistoryItem, HistoryPage, HistoryQuery
from .view import JobView

_TAG = "History"
_ID = {"id": "Id of an entry."}
_HISTORY = "/api/history"


class HistoryRoutes:
    """`/api/history`."""

    def __init__(self, parts: Parts) -> None:
        self._history = parts.history
        self._view = JobView(parts.jobs)

    def operations(self) -> Sequence[Operation]:
        """List, hear and delete."""
        return (
            Operation(
                "GET", _HISTORY, self._list, "List what was spoken, the newest first", _TAG,
                query=HistoryQuery, answer=HistoryPage,
            ),
            Operation(
                "DELETE", _HISTORY, self._clear, "Delete all that the same filters list", _TAG,
                description="With its audio. What is not over stays, as does what comes meanwhile.",
                query=ClearQuery, answer=Deleted, errors=(InvalidRequest,),
            ),
            Operation(
                "GET", _HISTORY + "/{id}", self._show, "Show an entry", _TAG,
                answer=HistoryItem, errors=(NotFound,), parameters=_ID,
            ),
            Operation(
                "DELETE", _HISTORY + "/{id}", self._delete, "Delete an entry and its audio", _TAG,
                errors=(NotFound, Conflict), parameters=_ID,
            ),
            Operation(
                "GET", _HISTORY + "/{id}/audio", self._audio, "Hear an entry again", _TAG,
                query=AudioQuery, answer=AUDIO, by_link=True, errors=(NotFound, Conflict), parameters=_ID,
            ),
        )  # fmt: skip

    async def _list(self, call: Call[None, HistoryQuery]) -> HistoryPage:
        query = call.query
        page = await self._history.page(replace(_search(query), page=query.page, page_size=query.page_size))
        return HistoryPage(
            entries=[self._view.item(entry) for entry in page.entries],
            total=page.total,
            is_total_exact=page.is_total_exact,
            page=query.page,
            page_size=query.page_size,
        )

    async def _show(self, call: Call[None, Query]) -> HistoryItem:
        return self._view.item(await self._history.get(id_of(call)))

    async def _delete(self, call: Call[None, Query]) -> None:
        entry = await self._history.get(id_of(call))
        if entry.status not in OVER:
            raise Conflict(f"{entry.id} is {entry.status}: cancel it first")
        await self._history.delete(entry.id)

    async def _clear(self, call: Call[None, ClearQuery]) -> Deleted:
        query = call.query
        if not (query.filters or query.all):
            raise Unprocessable("Say what to delete, or all=true for everything", "all")
        return Deleted(deleted=await self._history.delete_found(replace(_search(query), ids=query.id)))

    async def _audio(self, call: Call[None, AudioQuery]) -> web.StreamResponse:
        entry = await self._history.get(id_of(call))
        return await send_audio(call.request, entry, self._history, call.query.format)


def _search(query: HistoryFilters) -> Search:
    return Search(
        kinds=(query.kind,) if query.kind else (),
        status=query.status,
        model=query.model or None,
        voice=query.voice or None,
        front=query.front or None,
        words=query.search or None,
        since=query.since,
        until=query.until,
    )
