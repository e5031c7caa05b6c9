"""The requests that are being answered: what a stop has to wait for, or to cut."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from weakref import WeakSet

from aiohttp import WSCloseCode, web

_CLOSE_SECONDS = 1.0

_BEGUN = web.RequestKey("begun", web.StreamResponse)


class InFlight:
    """Keeps count of requests and WebSockets."""

    def __init__(self) -> None:
        self.is_stopping = False
        """No more requests are taken."""

        self._tasks: set[asyncio.Task[object]] = set()
        self._cut: set[asyncio.Task[object]] = set()
        self._websockets: WeakSet[web.WebSocketResponse] = WeakSet()

    def __len__(self) -> int:
        return len(self._tasks)

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count one while it is answered."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            yield
        finally:
            self._tasks.discard(task)

    def begin(self, request: web.Request, response: web.StreamResponse) -> None:
        """Note that the answer's first bytes leave."""
        request[_BEGUN] = response
        if isinstance(response, web.WebSocketResponse):
            self._websockets.add(response)

    def answer_of(self, request: web.Request) -> web.StreamResponse | None:
        """The answer that has begun to leave."""
        return request.get(_BEGUN)

    def is_cut(self, request: web.Request) -> bool:
        """Whether the request that this task answers was ended by a stop before any of its answer has left."""
        return asyncio.current_task() in self._cut and self.answer_of(request) is None

    async def stop(self, drain: float) -> None:
        """Say goodbye to WebSockets, let the rest finish for a while, and cut what is left."""
        self.is_stopping = True
        await asyncio.gather(*(self._say_goodbye(websocket) for websocket in tuple(self._websockets)))
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=drain)
        left = tuple(self._tasks)
        self._cut.update(left)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _say_goodbye(self, websocket: web.WebSocketResponse) -> None:
        with suppress(TimeoutError, ConnectionError, RuntimeError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await websocket.close(code=WSCloseCode.GOING_AWAY, message=b"The service is stopping")
