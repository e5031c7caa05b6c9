"""The side server: listens, and stops in good order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence

from aiohttp import http_exceptions, web

from ...errors import ConfigError
from ...listening import ACCEPT_AT_ONCE, let_wait
from .api import Routes
from .application import Application
from .asking.uploads import UploadFolder
from .description.operations import description_operations
from .door.connections import Doorway
from .door.guard import Guard, is_loopback, own_names
from .door.in_flight import InFlight
from .parts import Parts
from .routes import ROUTES

_LOGGER = logging.getLogger(__name__)

_FIRST_REQUEST = 15.0
"""Seconds until a connection has sent its first request."""

_KEEP_ALIVE = 75.0
"""Seconds until one more: longer than proxies keep their connections, so that it is they who close."""

_LINGER = 1.0
"""Seconds to read on when an answer came before the end of a body, so that the client sees the answer."""

_LAST_SECONDS = 1.0
"""For changes whose clients have gone, when all else has ended."""


class HttpServer:
    """Serves HTTP."""

    def __init__(self, parts: Parts, subjects: Sequence[Callable[[Parts], Routes]] = ROUTES) -> None:
        self._parts = parts
        self._subjects = subjects
        self._config = parts.config.http
        self._host, _, port = self._config.address.rpartition(":")
        self._port = int(port)
        self._uploads = UploadFolder(parts.config.data_path / "uploads", self._config.max_upload)
        self._in_flight = InFlight()
        self._running = contextlib.AsyncExitStack()
        self.url = ""
        """Where it listens, with the port that was really taken."""

    async def start(self) -> None:
        """Listen."""
        guard = Guard(self._config, await asyncio.to_thread(own_names))
        await asyncio.to_thread(self._uploads.clear)
        application = Application(self._parts.config, guard, self._uploads, self._in_flight)
        operations = [operation for subject in self._subjects for operation in subject(self._parts).operations()]
        application.add([*operations, *description_operations(operations, has_key=guard.has_key)])
        runner = web.AppRunner(
            application.app,
            access_log=None,
            logger=_protocol_logger(),
            handler_cancellation=True,
            keepalive_timeout=_KEEP_ALIVE,
            lingering_time=_LINGER,
            shutdown_timeout=1,
            auto_decompress=False,
        )
        self._running.push_async_callback(runner.cleanup)
        self._running.push_async_callback(application.handling.finish, _LAST_SECONDS)
        self._running.push_async_callback(self._in_flight.stop, self._parts.config.limits.drain)
        await runner.setup()
        assert runner.server is not None
        doorway = Doorway(runner.server, self._config.max_connections, _FIRST_REQUEST)
        application.hear = doorway.hear
        self._running.callback(doorway.close)
        await self._listen(doorway)
        if not guard.has_key and not is_loopback(self._host):
            _LOGGER.warning(
                "Everyone who can reach %s may use the side server: no key is set; see http.api_key", self.url
            )

    async def stop(self) -> None:
        """Stop listening, let requests in flight finish for a while, and hang up."""
        await self._running.aclose()

    async def _listen(self, doorway: Doorway) -> None:
        try:
            server = await asyncio.get_running_loop().create_server(
                doorway.admit, self._host.strip("[]"), self._port, backlog=ACCEPT_AT_ONCE
            )
        except OSError as error:
            await self.stop()
            reason = error.strerror or str(error)
            raise ConfigError(
                f"Cannot listen on {self._host}:{self._port}: {reason}; choose another with --http"
            ) from None
        let_wait(server)
        self._running.callback(server.close)
        self.url = f"http://{self._host}:{server.sockets[0].getsockname()[1]}"


def _protocol_logger() -> logging.Logger:
    """What is no HTTP is told at debug only, and not what it was: a key may be in it."""

    def tell_noise_briefly(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, http_exceptions.HttpProcessingError):
            return True
        _LOGGER.debug("A request could not be read: %s", type(error).__name__)
        return False

    logger = logging.getLogger(f"{__name__}.protocol")
    if not logger.filters:
        logger.addFilter(tell_noise_briefly)
    return logger
