"""Lets connections in: so many at a time, and only those that ask for something soon."""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web

_LOGGER = logging.getLogger(__name__)
_LINGER = 1.0
_BODY = b'{"detail": "Too many connections; try again in a moment", "code": "busy", "param": null}'
_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\nRetry-After: 1\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
)


class Doorway:
    """Makes the protocol of each new connection."""

    def __init__(self, server: web.Server, most: int, patience: float) -> None:
        self._server = server
        self._most = most
        self._patience = patience
        self._is_full = False
        self._unheard: dict[object, asyncio.TimerHandle] = {}

    def admit(self) -> asyncio.Protocol:
        """Let one in, or tell it that there are too many."""
        if len(self._server.connections) >= self._most:
            if not self._is_full:
                _LOGGER.warning("Connections are refused: there are %d", self._most)
            self._is_full = True
            return _Refusal()
        self._is_full = False
        protocol = self._server()
        self._unheard[protocol] = asyncio.get_running_loop().call_later(self._patience, self._hang_up, protocol)
        return protocol

    def hear(self, request: web.Request) -> None:
        """Note that a connection has sent a request; from here aiohttp's own time-out for idle ones holds."""
        timer = self._unheard.pop(request.protocol, None)
        if timer is not None:
            timer.cancel()

    def close(self) -> None:
        """Forget all."""
        for timer in self._unheard.values():
            timer.cancel()
        self._unheard.clear()

    def _hang_up(self, protocol: web.RequestHandler) -> None:
        del self._unheard[protocol]
        protocol.force_close()


class _Refusal(asyncio.Protocol):
    """Answers whatever comes, and hangs up."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(_TOO_MANY)
        transport.write_eof()
        # Closed at once, with a request unread, the client's system would drop the answer.
        asyncio.get_running_loop().call_later(_LINGER, transport.abort)
