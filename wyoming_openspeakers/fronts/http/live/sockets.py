"""WebSockets of clients that look on: so many at once, kept alive, and let go when they cannot keep up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from aiohttp import WSCloseCode, web

from ....errors import Busy
from .outbox import TooSlow

_LARGEST_MESSAGE = 64 * 1024
"""Bytes that a client may send, though nothing that it says means anything."""


class LiveSockets:
    """Sends frames to clients."""

    def __init__(
        self, *, most: int = 100, heartbeat: float = 30.0, patience: float = 10.0, goodbye: float = 2.0
    ) -> None:
        """Times are in seconds: between pings, for a client to take a frame, and for it to answer a goodbye."""
        self._most = most
        self._heartbeat = heartbeat
        self._patience = patience
        self._goodbye = goodbye
        self._count = 0

    @property
    def count(self) -> int:
        """How many are open."""
        return self._count

    async def serve(self, request: web.Request, frames: AsyncGenerator[str, None]) -> web.WebSocketResponse:
        """Send all frames, until the last or until the client goes; an error in the first comes before the upgrade."""
        if self._count >= self._most:
            raise Busy(f"{self._most} WebSockets are open; close one, or try again later", 10)
        self._count += 1
        try:
            first = await anext(frames, None)
            socket = web.WebSocketResponse(
                heartbeat=self._heartbeat, timeout=self._goodbye, compress=False, max_msg_size=_LARGEST_MESSAGE
            )
            await socket.prepare(request)
            code, reason = await self._talk(socket, first, frames)
            await self._close(request, socket, code, reason)
            return socket
        finally:
            self._count -= 1
            await frames.aclose()

    async def _talk(
        self, socket: web.WebSocketResponse, first: str | None, frames: AsyncGenerator[str, None]
    ) -> tuple[int, str]:
        """Send, and listen so that pings and a goodbye of the client are seen; the code to close with, and why."""
        sending = asyncio.create_task(self._send(socket, first, frames), name="send to WebSocket")
        listening = asyncio.create_task(_listen(socket), name="listen to WebSocket")
        try:
            await asyncio.wait([sending, listening], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, listening):
                task.cancel()
            await asyncio.gather(sending, listening, return_exceptions=True)
        if sending.cancelled() or (error := sending.exception()) is None:
            return WSCloseCode.OK, ""
        if isinstance(error, TooSlow | TimeoutError):
            return WSCloseCode.TRY_AGAIN_LATER, "You do not keep up with what happens"
        if isinstance(error, ConnectionError):
            return WSCloseCode.GOING_AWAY, ""
        raise error

    async def _send(self, socket: web.WebSocketResponse, first: str | None, frames: AsyncGenerator[str, None]) -> None:
        if first is None:
            return
        await self._send_one(socket, first)
        async for frame in frames:
            await self._send_one(socket, frame)

    async def _send_one(self, socket: web.WebSocketResponse, frame: str) -> None:
        async with asyncio.timeout(self._patience):
            await socket.send_str(frame)

    async def _close(self, request: web.Request, socket: web.WebSocketResponse, code: int, reason: str) -> None:
        """Say goodbye, and do not wait for somebody who does not read it."""
        try:
            async with asyncio.timeout(self._goodbye):
                await socket.close(code=code, message=reason.encode())
        except (TimeoutError, ConnectionError):
            if request.transport:
                request.transport.abort()


async def _listen(socket: web.WebSocketResponse) -> None:
    """Read until the client goes."""
    async for _ in socket:
        # Nothing that a client says means anything here.
        continue
