"""Carries out operations: what a request brings is checked, the handler asked, and its answer written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter

from ..api import IS_TRUSTED, Call, Media, Operation
from ..door.guard import SAFE_METHODS, Guard
from .bodies import read_json, read_query

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

OPERATION = "operation"
"""The attribute of a handler that names its operation."""


class Handling:
    """Makes aiohttp's handlers of operations."""

    def __init__(self, guard: Guard, *, public_listing: bool, most_body: int) -> None:
        self._guard = guard
        self._public_listing = public_listing
        self._most_body = most_body
        self._unbroken: set[asyncio.Task[Any]] = set()

    def handler(self, operation: Operation) -> Handler:
        """What aiohttp calls."""
        adapter = None if isinstance(operation.answer, Media) else TypeAdapter(operation.answer)
        is_unbroken = not (
            operation.method in SAFE_METHODS or adapter is None or operation.speaks or operation.websocket
        )

        async def handle(request: web.Request) -> web.StreamResponse:
            self._check(request, operation)
            call = await self._call(request, operation)
            work = operation.handler(call)
            result = await (self._to_its_end(work) if is_unbroken else work)
            if isinstance(result, web.StreamResponse):
                return result
            if operation.answer is None or adapter is None:
                return web.Response(status=204 if operation.status == 200 else operation.status)
            return web.Response(
                status=operation.status, body=adapter.dump_json(result), content_type="application/json"
            )

        return handle

    async def finish(self, patience: float) -> None:
        """Wait a little for what goes on although its client has gone."""
        left = tuple(self._unbroken)
        if left:
            await asyncio.wait(left, timeout=patience)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _check(self, request: web.Request, operation: Operation) -> None:
        self._guard.check_origin(request, is_websocket=operation.websocket)
        is_trusted = self._guard.is_trusted(request, is_websocket=operation.websocket)
        self._guard.check_key(request, operation, is_trusted=is_trusted, public_listing=self._public_listing)
        request[IS_TRUSTED] = is_trusted

    async def _call(self, request: web.Request, operation: Operation) -> Call[Any, Any]:
        query = read_query(request, operation.query) if operation.query else None
        body = None
        if operation.body and not (operation.upload and request.content_type == "multipart/form-data"):
            body = await read_json(request, operation.body, self._most_body)
        return Call(request, client_name(request), body, query)

    async def _to_its_end(self, work: Awaitable[object]) -> object:
        """A change is made whole, also when the client hangs up half-way."""
        task = asyncio.ensure_future(work)
        self._unbroken.add(task)
        task.add_done_callback(self._unbroken.discard)
        return await asyncio.shield(task)


def client_name(request: web.Request) -> str:
    """Who asks: turns are shared evenly between clients."""
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return f"http/{peer[0]}/{peer[1]}" if isinstance(peer, tuple) else "http"
