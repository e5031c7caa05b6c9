"""The side server: aiohttp, from one listening address."""

from __future__ import annotations

import logging

from aiohttp import web

from ...errors import ConfigError
from .health import Status, health_routes

_LOGGER = logging.getLogger(__name__)


class HttpServer:
    """Serves HTTP."""

    def __init__(self, address: str, status: Status) -> None:
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        app = web.Application()
        app.add_routes(health_routes(status))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        self.url = ""
        """Where it listens, with the port that was really taken."""

    async def start(self) -> None:
        """Listen."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host.strip("[]"), self._port).start()
        except OSError as error:
            await self.stop()
            reason = error.strerror or str(error)
            raise ConfigError(
                f"Cannot listen on {self._host}:{self._port}: {reason}; choose another with --http"
            ) from None
        self.url = f"http://{self._host}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()
