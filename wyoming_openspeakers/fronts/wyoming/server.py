"""The Wyoming server: listens on every URI, admits clients, drains when it stops."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlparse

from ...config import WyomingConfig
from ...errors import Busy, ConfigError, NotAllowed, ShuttingDown
from ...listening import ACCEPT_AT_ONCE, let_wait
from ...speech.service import SpeechService
from .connection import Connection
from .framing import MAX_HEADER

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class WyomingState:
    """Where the server listens, and to whom."""

    addresses: tuple[str, ...]
    clients: tuple[str, ...]
    """The addresses of those who are connected, once for each connection; `local` by a Unix socket."""

    most: int
    """Connections that it takes at a time."""


class WyomingServer:
    """Serves the Wyoming protocol."""

    def __init__(self, config: WyomingConfig, speech: SpeechService, drain: float) -> None:
        self._config = config
        self._speech = speech
        self._drain = drain
        self._allowed = [ipaddress.ip_network(network, strict=False) for network in config.allow]
        self._servers: list[asyncio.Server] = []
        self._sockets: list[Path] = []
        self._connections: dict[Connection, asyncio.Task[None]] = {}
        self._stopping = False
        self.uris: list[str] = []
        """Where it listens, with the ports that were really taken."""

    @property
    def state(self) -> WyomingState:
        """How it is at this moment."""
        clients = tuple(sorted(connection.peer for connection in self._connections))
        return WyomingState(tuple(self.uris), clients, self._config.max_connections)

    async def start(self) -> None:
        """Listen."""
        for uri in self._config.uris:
            try:
                await self._listen(uri)
            except OSError as error:
                await self.stop()
                reason = error.strerror or str(error)
                raise ConfigError(f"Cannot listen on {uri}: {reason}; choose another with --uri") from None

    async def _listen(self, uri: str) -> None:
        parts = urlparse(uri)
        if parts.scheme == "unix":
            path = Path(unquote(parts.path))
            _remove_stale(path)
            self._servers.append(await asyncio.start_unix_server(self._accept, path, limit=MAX_HEADER))
            self._sockets.append(path)
            self.uris.append(uri)
            return
        host = parts.hostname or ""
        server = await asyncio.start_server(self._accept, host, parts.port, limit=MAX_HEADER, backlog=ACCEPT_AT_ONCE)
        let_wait(server)
        self._servers.append(server)
        shown = f"[{host}]" if ":" in host else host
        self.uris.append(f"tcp://{shown}:{server.sockets[0].getsockname()[1]}")

    async def stop(self) -> None:
        """Stop listening, let requests in flight finish for a while, tell the rest, and hang up."""
        self._stopping = True
        for server in self._servers:
            server.close()
        for path in self._sockets:
            path.unlink(missing_ok=True)
        if speaking := [connection.speaking for connection in self._connections if connection.speaking]:
            await asyncio.wait(speaking, timeout=self._drain)
        for connection in tuple(self._connections):
            if connection.speaking:
                await connection.refuse(ShuttingDown("The service is stopping"))
        tasks = list(self._connections.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = _peer(writer)
        connection = Connection(reader, writer, self._speech, self._config.program, peer)
        if self._stopping:
            await connection.refuse(ShuttingDown("The service is stopping"))
        elif not self._is_allowed(peer):
            _LOGGER.warning("Refused %s: not in wyoming.allow", peer)
            await connection.refuse(NotAllowed(f"{peer} may not connect; see wyoming.allow"))
        elif len(self._connections) >= self._config.max_connections:
            _LOGGER.warning("Refused %s: %d connections already", peer, len(self._connections))
            await connection.refuse(Busy("Too many connections; try again in a moment"))
        else:
            await self._serve(connection)

    async def _serve(self, connection: Connection) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections[connection] = task
        try:
            await connection.run()
        except asyncio.CancelledError:
            # The server stops; asyncio would report a cancelled client as an error.
            pass
        finally:
            del self._connections[connection]

    def _is_allowed(self, peer: str) -> bool:
        if not self._allowed or peer == "local":
            return True
        address = ipaddress.ip_address(peer)
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._allowed)


def _peer(writer: asyncio.StreamWriter) -> str:
    name = writer.get_extra_info("peername")
    return name[0].split("%")[0] if isinstance(name, tuple) else "local"


def _remove_stale(path: Path) -> None:
    """Remove a socket that a process left behind, but not one that somebody listens on."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            path.unlink()
