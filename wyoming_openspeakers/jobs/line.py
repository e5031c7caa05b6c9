"""The line of jobs that wait: single ones before batches, clients in turn, the oldest of each first."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A job in the line."""

    id: str
    client: str
    is_batch: bool


class Line:
    """Who comes next."""

    def __init__(self) -> None:
        self._waiting: dict[bool, OrderedDict[str, deque[Place]]] = {False: OrderedDict(), True: OrderedDict()}
        self._places: dict[str, Place] = {}
        self._positions: dict[str, int] | None = None

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[str]:
        """The jobs in their order, if nobody else comes."""
        for clients in self._waiting.values():
            rounds = [deque(mine) for mine in clients.values()]
            while rounds:
                yield from (mine.popleft().id for mine in rounds)
                rounds = [mine for mine in rounds if mine]

    def put(self, place: Place) -> None:
        """Let a job wait."""
        self._waiting[place.is_batch].setdefault(place.client, deque()).append(place)
        self._places[place.id] = place
        self._positions = None

    def take(self) -> str | None:
        """The next job, which waits no longer."""
        for clients in self._waiting.values():
            if clients:
                client, mine = clients.popitem(last=False)
                place = mine.popleft()
                if mine:
                    clients[client] = mine
                del self._places[place.id]
                self._positions = None
                return place.id
        return None

    def remove(self, id: str) -> bool:
        """Whether the job did wait; it does no longer."""
        place = self._places.pop(id, None)
        if place is None:
            return False
        clients = self._waiting[place.is_batch]
        mine = clients[place.client]
        mine.remove(place)
        if not mine:
            del clients[place.client]
        self._positions = None
        return True

    def position(self, id: str) -> int | None:
        """How many go first; None for one that does not wait."""
        if self._positions is None:
            self._positions = {id: position for position, id in enumerate(self)}
        return self._positions.get(id)
