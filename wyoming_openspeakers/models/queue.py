"""Whose turn it is: fair between clients, by urgency, bounded."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import IntEnum

from ..errors import Busy, Timeout


class Urgency(IntEnum):
    """Who goes first: somebody who listens, then somebody who waits for a file, then a batch."""

    INTERACTIVE = 0
    JOB = 1
    BATCH = 2


class TurnQueue:
    """Lets so many in at once; of those who wait, the most urgent class first and in it each client in turn."""

    def __init__(self, slots: int, limit: int) -> None:
        self._free = slots
        self._limit = limit
        self._waiting: dict[Urgency, OrderedDict[str, deque[asyncio.Future[None]]]] = {
            urgency: OrderedDict() for urgency in Urgency
        }
        self._inside: Counter[str] = Counter()
        self.length = 0
        """How many wait."""

    @asynccontextmanager
    async def turn(self, client: str, urgency: Urgency, patience: float) -> AsyncIterator[None]:
        """Wait for a turn and give it back afterwards."""
        await self._acquire(client, urgency, patience)
        self._inside[client] += 1
        try:
            yield
        finally:
            self._inside[client] -= 1
            if not self._inside[client]:
                del self._inside[client]
            self._release()

    async def _acquire(self, client: str, urgency: Urgency, patience: float) -> None:
        if self._free:
            self._free -= 1
            return
        if self.length >= self._limit:
            raise Busy(f"{self.length} sentences are waiting already; try again in a moment")
        future = asyncio.get_running_loop().create_future()
        self._waiting[urgency].setdefault(client, deque()).append(future)
        self.length += 1
        try:
            await self._wait(future, client, patience)
        except BaseException as error:
            if future.done() and not future.cancelled():
                # The turn came in the same moment; nobody is there to take it.
                self._release()
            else:
                self._forget(client, urgency, future)
            if isinstance(error, TimeoutError):
                raise Timeout(f"No turn came within {patience:g} s; the service has too much to do") from None
            raise

    async def _wait(self, future: asyncio.Future[None], client: str, patience: float) -> None:
        while True:
            done, _ = await asyncio.wait([future], timeout=patience)
            if done:
                return
            if client not in self._inside:
                raise TimeoutError
            # It waits behind a sentence of its own, which has time limits of its own.

    def _forget(self, client: str, urgency: Urgency, future: asyncio.Future[None]) -> None:
        clients = self._waiting[urgency]
        mine = clients.get(client)
        if mine and future in mine:
            mine.remove(future)
            self.length -= 1
            if not mine:
                del clients[client]

    def _release(self) -> None:
        for clients in self._waiting.values():
            while clients:
                client, mine = clients.popitem(last=False)
                future = mine.popleft()
                self.length -= 1
                if mine:
                    clients[client] = mine
                if not future.done():
                    future.set_result(None)
                    return
        self._free += 1
