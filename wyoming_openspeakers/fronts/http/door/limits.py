"""How much one client, and all together, may ask for at a time."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from ....errors import Busy

_MOST_ADDRESSES = 4096
_V6_NETWORK = 64
"""Bits that name a household: one machine has all the addresses below."""


class TooManyRequests(Busy):
    """One address asks too often."""

    code = "too-many-requests"


class RequestRates:
    """Counts the requests of each address: a bucket that fills evenly and holds the requests of a minute."""

    def __init__(
        self, per_minute: int, most: int = _MOST_ADDRESSES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_minute = per_minute
        self._most = most
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._buckets)

    def count(self, address: str) -> None:
        """Note a request, or refuse it."""
        if not self._per_minute:
            return
        key, now, per_second = _household(address), self._clock(), self._per_minute / 60
        left, then = self._buckets.pop(key, (float(self._per_minute), now))
        left = min(float(self._per_minute), left + (now - then) * per_second)
        if is_allowed := left >= 1:
            left -= 1
        self._buckets[key] = (left, now)
        if len(self._buckets) > self._most:
            # Whoever was silent longest has the fullest bucket: nothing much is forgiven by forgetting it.
            self._buckets.popitem(last=False)
        if not is_allowed:
            raise TooManyRequests(
                f"More than {self._per_minute} requests in a minute; see http.requests_per_minute",
                math.ceil((1 - left) / per_second),
            )


class Streams:
    """Counts the texts that are being spoken to HTTP clients."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.open = 0

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[None]:
        """Hold a place while a text is spoken; Busy when there is none."""
        if self.open >= self._most:
            raise Busy(f"{self.open} texts are being spoken already; see http.max_streams", 1.0)
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1


STREAMS = web.AppKey("STREAMS", Streams)


def _household(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, _V6_NETWORK), strict=False))
