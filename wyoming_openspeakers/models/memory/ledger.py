"""Where each model is and what memory it takes: the books that residency is decided by."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ...events import ModelState

HOST = "cpu"
"""The pool of host memory: models on the processor live in it, and all that are parked."""

_SHORTEST_STAY, _LONGEST_STAY = 1.0, 15.0
_LOADS_WORTH = 3.0
"""A model that is in use stays so many times as long as it took to load, before its equals may have its place."""


@dataclass(eq=False)
class Model:
    """A model in the books."""

    name: str
    state: ModelState = "cold"
    pool: str = HOST
    """Where it is, or was last."""

    process: str = ""
    """The worker that has it."""

    size: int = 0
    """Bytes that it takes, or is expected to take, when it is resident."""

    parked_size: int = 0
    """The same when it is parked."""

    standby: bool = False
    keep_alive: float = math.inf
    """Seconds to stay after its last use."""

    held: dict[str, int] = field(default_factory=dict)
    """Bytes that it takes now, by pool."""

    users: int = 0
    urgency: int = 0
    """Of whoever got it last."""

    used_at: float = 0.0
    resident_since: float = 0.0
    load_seconds: float = 0.0
    leaving: Literal["cold", "parked"] | None = None
    """Where it shall go as soon as nobody uses it."""

    serves_before: int = 0
    """The number of the first who has to wait until it is back, when it is leaving."""

    departures: int = 0
    """How often it has left the place where it was."""

    alone: bool = False
    """It did not fit beside others, whatever the figures said."""

    @property
    def stays_until(self) -> float:
        """When others of the same urgency may have its place."""
        return self.resident_since + min(max(_LOADS_WORTH * self.load_seconds, _SHORTEST_STAY), _LONGEST_STAY)

    @property
    def expires_at(self) -> float:
        """When it has not been used for long enough to go."""
        return math.inf if self.standby else self.used_at + self.keep_alive

    @property
    def is_going(self) -> bool:
        """Whether what it holds will be free soon."""
        return self.state in ("parking", "unloading")

    @property
    def is_moving(self) -> bool:
        """Whether it is on its way to another place."""
        return self.state in ("loading", "parking", "unloading")

    def stays(self, pool: str) -> int:
        """Bytes of a pool that it will go on holding when it has gone to where it is going."""
        return self.parked_size if self.state == "parking" and pool == HOST else 0

    @property
    def is_there(self) -> bool:
        """Whether it holds memory and stays where it is until it is told to go."""
        return self.state in ("resident", "parked")


class Ledger:
    """All models, the processes that hold them, and the budgets of the pools of memory."""

    def __init__(self, budgets: Mapping[str, int], headroom: float = 0.0) -> None:
        """`headroom` is the part of each budget that models leave free, for what speaking takes on top of them."""
        self.budgets = budgets
        self._headroom = headroom
        self._models: dict[str, Model] = {}
        self._overheads: Counter[tuple[str, str]] = Counter()
        """Bytes by process and pool."""

    def __getitem__(self, model: str) -> Model:
        return self._models[model]

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models.values())

    def __contains__(self, model: str) -> bool:
        return model in self._models

    def state(self, model: str) -> ModelState:
        """Where a model is."""
        found = self._models.get(model)
        return found.state if found else "cold"

    def held(self, model: str) -> Mapping[str, int]:
        """Bytes that a model takes now, by pool."""
        found = self._models.get(model)
        return found.held if found else {}

    def usable(self, pool: str) -> int:
        """Bytes of a pool that models and their processes may take before they speak."""
        return int(self.budgets[pool] * (1 - self._headroom))

    def used(self, pool: str) -> int:
        """Bytes of a pool that are taken, by models and by their processes."""
        held = sum(model.held.get(pool, 0) for model in self)
        return held + sum(size for (_, its_pool), size in self._overheads.items() if its_pool == pool)

    def going(self, pool: str) -> int:
        """Bytes of a pool that will be free soon."""
        return sum(model.held.get(pool, 0) - model.stays(pool) for model in self if model.is_going)

    def fixed(self, pool: str, other_than: Model) -> int:
        """Bytes of a pool that never become free, for models on standby are there to stay."""
        standing = [model for model in self if model.standby and model is not other_than and not model.is_going]
        staying = {model.process for model in standing} | {other_than.process}
        return sum(model.held.get(pool, 0) for model in standing) + sum(self._overheads[name, pool] for name in staying)

    def companions(self, process: str) -> list[Model]:
        """The models that a process holds, in whatever state."""
        return [model for model in self if model.process == process and model.state != "cold"]

    def gain(self, model: Model, pool: str) -> int:
        """Bytes of a pool that are won when a model goes: what it holds, and its process where only parked ones are."""
        companions = self.companions(model.process)
        ends = companions and all(companion.state == "parked" for companion in companions)
        overhead = self._overheads[model.process, pool] // len(companions) if ends else 0
        return model.held.get(pool, 0) + overhead

    def declare(self, model: str, *, standby: bool = False, parked_size: int = 0, size: int = 0) -> Model:
        """Say that there is a model, and whether it must not go; its sizes are known better once it was loaded."""
        record = self._models.setdefault(model, Model(model, size=size, parked_size=parked_size))
        record.standby = standby
        return record

    def began(self, model: str, process: str) -> None:
        """Say in which process a model is being loaded."""
        self._models[model].process = process

    def loaded(self, model: str, now: float, seconds: float, size: int, host_copy: int = 0) -> None:
        """Say that a model is ready, how long that took and what it takes."""
        record = self._models[model]
        record.state, record.alone = "resident", False
        record.resident_since = record.used_at = now
        record.size, record.load_seconds = size, seconds
        record.held = {record.pool: size}
        if host_copy and record.pool != HOST:
            record.held[HOST] = host_copy

    def parked(self, model: str, size: int) -> None:
        """Say that a model is in host memory now, and what it takes there."""
        record = self._models[model]
        record.state, record.parked_size = "parked", size
        record.departures += 1
        record.held = {HOST: size}
        if record.leaving == "parked":
            record.leaving = None

    def gone(self, model: str) -> None:
        """Say that a model is in no memory any more, on purpose or because its process ended."""
        if record := self._models.get(model):
            record.state, record.leaving, record.held, record.process = "cold", None, {}, ""
            record.departures += 1

    def overhead(self, process: str, pool: str) -> int:
        """Bytes of a pool that a process takes besides its models."""
        return self._overheads.get((process, pool), 0)

    def set_overhead(self, process: str, pool: str, size: int) -> None:
        """Say what a process takes of a pool besides its models; 0 when it has ended."""
        self._overheads[process, pool] = max(0, size)

    def forget_process(self, process: str) -> None:
        """Say that a process has ended."""
        for key in [key for key in self._overheads if key[0] == process]:
            del self._overheads[key]
