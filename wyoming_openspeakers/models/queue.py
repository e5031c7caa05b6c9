"""Whose turn it is: fair between clients, by urgency, bounded."""

from __future__ import annotations

import asyncio
import math
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum

from ..errors import Busy, Timeout


class Urgency(IntEnum):
    """Who goes first: somebody who listens, then somebody who waits for a file, then a batch."""

    INTERACTIVE = 0
    JOB = 1
    BATCH = 2


@dataclass(eq=False)
class Waiting:
    """Somebody who waits for a turn."""

    client: str
    urgency: Urgency
    job: str
    """What the client waits with."""

    came: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class TurnQueue:
    """Lets so many in at once; of those who wait, the most urgent class first and in it each client in turn."""

    def __init__(self, slots: int, limit: int) -> None:
        self._free = slots
        self._limit = limit
        self._waiting: dict[Urgency, OrderedDict[str, deque[Waiting]]] = {urgency: OrderedDict() for urgency in Urgency}
        self._inside: Counter[str] = Counter()
        self.length = 0
        """How many wait."""

    @property
    def urgency(self) -> Urgency | None:
        """The most urgent class that waits."""
        return next((urgency for urgency, clients in self._waiting.items() if clients), None)

    def ahead_of(self, urgency: Urgency) -> int:
        """How many go before somebody who comes now, at most."""
        return sum(
            len(mine) for their, clients in self._waiting.items() if their <= urgency for mine in clients.values()
        )

    def order(self) -> Iterator[Waiting]:
        """Who waits, in the order of their turns if nobody else comes."""
        for clients in self._waiting.values():
            rounds = [deque(mine) for mine in clients.values()]
            while rounds:
                yield from (mine.popleft() for mine in rounds)
                rounds = [mine for mine in rounds if mine]

    @asynccontextmanager
    async def turn(
        self,
        client: str,
        urgency: Urgency,
        patience: float,
        job: str = "",
        excused: Callable[[], bool] = lambda: False,
    ) -> AsyncIterator[None]:
        """Wait for a turn and give it back afterwards.

        `patience` is in seconds; the wait does not end while it is `excused`.
        """
        await self._acquire(Waiting(client, urgency, job), patience, excused)
        self._inside[client] += 1
        try:
            yield
        finally:
            self._inside[client] -= 1
            if not self._inside[client]:
                del self._inside[client]
            self._release()

    async def _acquire(self, waiting: Waiting, patience: float, excused: Callable[[], bool]) -> None:
        if self._free:
            self._free -= 1
            return
        # A job that has begun must not fail because many listen; how many run is bounded where they begin.
        if self.length >= self._limit and waiting.urgency is Urgency.INTERACTIVE:
            raise Busy(f"{self.length} sentences are waiting already; try again in a moment")
        self._waiting[waiting.urgency].setdefault(waiting.client, deque()).append(waiting)
        self.length += 1
        try:
            # It may wait behind a sentence of its own, which has time limits of its own.
            while not waiting.came.done():
                timeout = None if math.isinf(patience) else patience
                done, _ = await asyncio.wait([waiting.came], timeout=timeout)
                if not done and waiting.client not in self._inside and not excused():
                    raise Timeout(f"No turn came within {patience:g} s; the service has too much to do")
        except BaseException:
            if waiting.came.done():
                # The turn came in the same moment; nobody is there to take it.
                self._release()
            else:
                self._forget(waiting)
            raise

    def _forget(self, waiting: Waiting) -> None:
        clients = self._waiting[waiting.urgency]
        mine = clients[waiting.client]
        mine.remove(waiting)
        self.length -= 1
        if not mine:
            del clients[waiting.client]

    def _release(self) -> None:
        for clients in self._waiting.values():
            if clients:
                client, mine = clients.popitem(last=False)
                waiting = mine.popleft()
                self.length -= 1
                if mine:
                    clients[client] = mine
                waiting.came.set_result(None)
                return
        self._free += 1
