"""Lets Home Assistant find the service: zeroconf, with addresses that it can really dial."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
import socket
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlparse

from zeroconf import Error
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from ...addresses import IPAddress, list_machine_addresses, reachable_addresses
from ...installation import stable_id

SERVICE_TYPE = "_wyoming._tcp.local."

_LOGGER = logging.getLogger(__name__)
_CHECK_EVERY = 60.0
_CLOSE_TIMEOUT = 3.0
_LONGEST_LABEL = 63
_NO_NETWORK = "This machine has no address on a network"


@dataclass(frozen=True)
class Advertised:
    """A service as others on the network see it."""

    name: str
    port: int
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class DiscoveryState:
    """What others see of the service, or why they see nothing."""

    state: Literal["starting", "announced", "failed"]
    name: str = ""
    addresses: tuple[str, ...] = ()
    problem: str | None = None


class Discovery:
    """Advertises the service while it runs, and follows the machine from network to network."""

    def __init__(
        self,
        uris: Sequence[str],
        data_dir: Path,
        name: str | None = None,
        *,
        interfaces: Sequence[str] | None = None,
        machine_addresses: Callable[[], Iterable[IPAddress]] | None = None,
        check_every: float = _CHECK_EVERY,
    ) -> None:
        """Advertise `uris` under `name`, or else under the host's name with an id that is kept in `data_dir`.

        `interfaces` are addresses of network interfaces to speak multicast on, in place of those that are advertised.
        """
        self._uris = uris
        self._data_dir = data_dir
        self._name = name
        self._interfaces = interfaces
        self._machine_addresses = machine_addresses or list_machine_addresses
        self._check_every = check_every
        self._zeroconf: AsyncZeroconf | None = None
        self._infos: list[AsyncServiceInfo] = []
        self._reachable: dict[int, list[IPAddress]] = {}
        self._complained = False
        self._problem = ""
        self._watcher: asyncio.Task[None] | None = None

    @property
    def advertised(self) -> tuple[Advertised, ...]:
        """What is advertised now; empty when there is no network."""
        return tuple(
            Advertised(info.get_name(), info.port or 0, tuple(info.parsed_addresses())) for info in self._infos
        )

    @property
    def state(self) -> DiscoveryState:
        """How it is at this moment."""
        if self._infos:
            addresses = [f"{address}:{seen.port}" for seen in self.advertised for address in seen.addresses]
            return DiscoveryState("announced", self.advertised[0].name, tuple(addresses))
        return DiscoveryState("failed" if self._problem else "starting", problem=self._problem or None)

    async def start(self) -> None:
        """Advertise, and keep doing so as addresses come and go. Never fails: the service works without."""
        if not await self._endpoints():
            _LOGGER.info("Not advertised on the network: %s", _why_not(self._uris))
        await self._update()
        self._watcher = asyncio.create_task(self._watch(), name="discovery")

    async def stop(self) -> None:
        """Say goodbye to the network."""
        if self._watcher is not None:
            self._watcher.cancel()
            with suppress(asyncio.CancelledError):
                await self._watcher
            self._watcher = None
        await self._withdraw()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._check_every)
            await self._update()

    async def _update(self) -> None:
        try:
            endpoints = await self._endpoints()
            reachable = reachable_addresses(endpoints, self._machine_addresses())
            if not reachable:
                self._problem = _why_not(self._uris) if not endpoints else _NO_NETWORK
            if reachable == self._reachable:
                return
            # A new network means new sockets, as multicast groups are joined when they are made.
            await self._withdraw()
            if reachable:
                await self._advertise(reachable)
                self._problem = ""
            self._reachable = reachable
            self._complained = False
        except (OSError, Error, TimeoutError) as error:
            await self._withdraw()
            level = logging.DEBUG if self._complained else logging.WARNING
            self._complained = True
            self._problem = f"{str(error) or type(error).__name__}; it is tried again within a minute"
            _LOGGER.log(level, "Cannot be discovered on the network: %s", error or type(error).__name__)

    async def _advertise(self, reachable: dict[int, list[IPAddress]]) -> None:
        instance = await asyncio.to_thread(stable_id, self._data_dir)
        base = self._name or f"{friendly_host_name()}-{instance}"
        own = {str(address): None for addresses in reachable.values() for address in addresses}
        self._zeroconf = AsyncZeroconf(interfaces=list(self._interfaces or own))
        for index, (port, addresses) in enumerate(reachable.items()):
            info = AsyncServiceInfo(
                SERVICE_TYPE,
                f"{fit_label(base, f'-{port}' if index else '')}.{SERVICE_TYPE}",
                port=port,
                parsed_addresses=[str(address) for address in addresses],
                server=f"openspeakers-{instance}-{port}.local.",
            )
            # The name is settled now; what is left to wait for are repeated announcements.
            await self._zeroconf.async_register_service(info, allow_name_change=True)
            self._infos.append(info)
        for service in self.advertised:
            where = ", ".join(service.addresses)
            _LOGGER.info("Advertised as %s at %s, port %s", service.name, where, service.port)

    async def _withdraw(self) -> None:
        self._infos, self._reachable = [], {}
        if self._zeroconf is not None:
            # Unregisters, which sends the goodbyes; a network that is gone must not hold up the service's end.
            with suppress(OSError, Error, TimeoutError):
                await asyncio.wait_for(self._zeroconf.async_close(), _CLOSE_TIMEOUT)
            # Only now: when this is cancelled half-way, `stop` closes it again.
            self._zeroconf = None

    async def _endpoints(self) -> list[tuple[IPAddress, int]]:
        """Addresses and ports that the service is bound to, host names resolved."""
        loop = asyncio.get_running_loop()
        endpoints = []
        for uri in self._uris:
            parts = urlparse(uri)
            if parts.scheme != "tcp" or not parts.hostname or not parts.port:
                continue
            with suppress(OSError):
                for *_, found in await loop.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM):
                    endpoint = (ipaddress.ip_address(str(found[0])), parts.port)
                    if endpoint not in endpoints and not endpoint[0].is_loopback:
                        endpoints.append(endpoint)
        return endpoints


def friendly_host_name() -> str:
    """The host's name without its domain; the service's where a container has only a number."""
    name = socket.gethostname().partition(".")[0]
    return "openspeakers" if name in ("", "localhost") or re.fullmatch(r"[0-9a-f]{12}", name) else name


def fit_label(base: str, suffix: str = "") -> str:
    """A name of at most 63 bytes without control characters, which is what DNS-SD has room for."""
    clean = "".join(character for character in base if character.isprintable()).strip()
    room = _LONGEST_LABEL - len(suffix)
    return clean.encode(errors="ignore")[:room].decode(errors="ignore").strip() + suffix


def _why_not(uris: Sequence[str]) -> str:
    return f"{', '.join(uris)} cannot be reached from other machines"
