"""Whose turn a model's place in memory is: what to load, park and unload next, within every budget.

Nothing in here waits, runs or reads a clock: what happens is told, and `step` answers what to do now. Who carries that
out tells how it went, and asks again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from itertools import count
from typing import Literal

from ...errors import OutOfMemory, SpeechError
from .ledger import HOST, Ledger, Model

BETWEEN_SENTENCES = 0.25
"""Seconds that a model may be idle before the next sentence of the same text comes to it."""


class Action(Enum):
    """What to do with a model."""

    LOAD = auto()
    UNPARK = auto()
    PARK = auto()
    UNLOAD = auto()


@dataclass(frozen=True)
class Step:
    """Something to do now."""

    action: Action
    model: str
    pool: str
    """Where it is to be, or was."""


@dataclass(frozen=True)
class Space:
    """How full a pool is."""

    budget: int
    free: int
    evictable: int
    """Bytes that come free when all go that may, be they in use now or not."""


Place = Callable[[str, Mapping[str, Space]], tuple[str, int]]
"""Chooses the pool for a model and tells the bytes that it needs there; raises SpeechError where there is none."""


@dataclass(eq=False)
class Want:
    """Somebody's wish to use a model."""

    model: str
    urgency: Callable[[], int]
    """A lower number goes first; asked anew each time, for somebody more urgent may have come to wait behind it."""

    on_settled: Callable[[SpeechError | None], None]
    """Told once: that it may be used now, or why it cannot be."""

    number: int


class Residency:
    """Serves who wants a model, the most urgent first, then in the order in which they came.

    Room is made by whoever has been idle longest. When nobody is idle, a model in use gets no new users until it is
    free; among equals it may stay a while first, so that two who share a place do not spend their time on loading.
    """

    def __init__(
        self, ledger: Ledger, place: Place, on_refused: Callable[[str, SpeechError], None] = lambda model, error: None
    ) -> None:
        """`on_refused` is told of each model that cannot be loaded as things are, and why."""
        self._ledger = ledger
        self._place = place
        self._on_refused = on_refused
        self._wants: list[Want] = []
        self._numbers = count()
        self._reserved: Counter[str] = Counter()
        """Bytes that are promised to those who go first, in this step."""
        self._draining: set[Model] = set()
        self._promised: set[Model] = set()
        """Models that somebody who goes first waits for, in this step."""
        self.wakes_at = math.inf
        """When to ask for the next step if nothing happens before."""

    @property
    def wants(self) -> tuple[Want, ...]:
        """Who waits for a model."""
        return tuple(self._wants)

    def want(self, model: str, urgency: Callable[[], int], on_settled: Callable[[SpeechError | None], None]) -> Want:
        """Ask for a model that was declared; whoever gets it must `leave` it."""
        want = Want(model, urgency, on_settled, next(self._numbers))
        self._wants.append(want)
        return want

    def forget(self, want: Want) -> None:
        """Take a want back; one that is settled stays so."""
        if want in self._wants:
            self._wants.remove(want)
            if not any(other.model == want.model for other in self._wants):
                self._ledger[want.model].alone = False

    def leave(self, model: str, now: float, keep_alive: float) -> None:
        """Say that one use has ended, and how long the model shall stay after it."""
        record = self._ledger[model]
        record.users -= 1
        record.used_at, record.keep_alive = now, keep_alive

    def send_away(self, model: str, to: Literal["cold", "parked"]) -> None:
        """Have a model go when those who wait for it now have used it, even one on standby."""
        if self._ledger.state(model) not in ("cold", to):
            record = self._ledger[model]
            record.leaving, record.serves_before = to, next(self._numbers)

    def failed(self, model: str, error: SpeechError) -> None:
        """Say that a model could not be loaded: the first lack of memory makes room, all else is told who waits."""
        record = self._ledger[model]
        tried_alone = record.alone
        self._ledger.gone(model)
        record.alone = isinstance(error, OutOfMemory) and not tried_alone
        if not record.alone:
            for want in [want for want in self._wants if want.model == model]:
                self._settle(want, error)

    def step(self, now: float) -> list[Step]:
        """What to do now; each answer is given once."""
        self._reserved.clear()
        self._draining.clear()
        self._promised.clear()
        self.wakes_at = math.inf
        steps = [self._go(model, model.leaving) for model in self._ledger if model.leaving and self._is_free(model)]
        for want in sorted(self._wants, key=lambda want: (want.urgency(), want.number)):
            try:
                steps += self._serve(want, now)
            except SpeechError as error:
                self._settle(want, error)
                self._on_refused(want.model, error)
        return [*steps, *self._expire(now), *self._trim()]

    def _serve(self, want: Want, now: float) -> list[Step]:
        model = self._ledger[want.model]
        is_leaving = model.leaving and want.number > model.serves_before
        if model.state == "resident" and model not in self._draining and not is_leaving:
            model.users += 1
            model.urgency = want.urgency()
            model.used_at = now
            self._settle(want, None)
        elif model.state in ("cold", "parked") and model not in self._promised:
            return self._bring(model, want.urgency(), now)
        return []

    def _is_free(self, model: Model) -> bool:
        """Whether nobody uses a model that is leaving, nor came before it was to leave."""
        early = any(want.model == model.name and want.number < model.serves_before for want in self._wants)
        return model.is_there and not model.users and not early

    def _bring(self, model: Model, urgency: int, now: float) -> list[Step]:
        """Load a model if there is room, else make room."""
        pool = model.pool
        if model.state == "cold":
            pool, size = self._place(model.name, self._spaces(model))
            model.size = max(model.size, size) if model.alone else size
        self._promised.add(model)
        if model.state == "parked" and model.size > self._room(model, pool):
            # What it left has shrunk; from the disk it may be loaded elsewhere.
            return [self._go(model, "cold")]
        self._check_fits(model, pool)
        crowded = model.alone and any(
            self._is_evictable(other, pool) or (other.is_moving and other.held.get(pool)) for other in self._ledger
        )
        if not crowded and model.size <= self._free(pool):
            return [self._begin(model, pool)]
        short = math.inf if model.alone else model.size - self._free(pool) - self._ledger.going(pool)
        steps = []
        for victim in self._victims(model, pool, urgency, now):
            if short <= 0:
                break
            short -= self._ledger.gain(victim, pool)
            self._draining.add(victim)
            if not victim.users:
                steps.append(self._evict(victim, pool))
        self._reserved[pool] += model.size
        return steps

    def _begin(self, model: Model, pool: str) -> Step:
        action = Action.UNPARK if model.state == "parked" else Action.LOAD
        kept = model.held if action is Action.UNPARK else {}
        model.pool, model.state = pool, "loading"
        model.held = {**kept, pool: model.size}
        return Step(action, model.name, pool)

    def _room(self, model: Model, pool: str) -> int:
        """Bytes that a model could have if all went that may."""
        return max(0, self._ledger.usable(pool) - self._ledger.fixed(pool, model))

    def _check_fits(self, model: Model, pool: str) -> None:
        room = self._room(model, pool)
        if model.size > room:
            setting = "host_memory" if pool == HOST else "gpu_memory"
            raise OutOfMemory(
                f"Model {model.name} takes {_gigabytes(model.size)}, more than the {_gigabytes(room)} that "
                f"models.{setting} leaves on {pool}; raise it, or take a smaller model"
            )

    def _spaces(self, model: Model) -> dict[str, Space]:
        spaces = {}
        for pool in self._ledger.budgets:
            budget, free = self._ledger.usable(pool), self._free(pool)
            spaces[pool] = Space(budget, free, max(0, budget - self._ledger.fixed(pool, model) - max(0, free)))
        return spaces

    def _free(self, pool: str) -> int:
        return self._ledger.usable(pool) - self._ledger.used(pool) - self._reserved[pool]

    def _is_evictable(self, model: Model, pool: str) -> bool:
        is_in = model.pool == pool if model.state == "resident" else model.state == "parked" and pool == HOST
        return is_in and not model.standby and model not in self._promised

    def _victims(self, newcomer: Model, pool: str, urgency: int, now: float) -> list[Model]:
        """Who may go, the first to go first: who is not needed, then who is but had its time."""
        needed = {want.model for want in self._wants}
        idle, busy = [], []
        for model in sorted(self._ledger, key=lambda model: model.used_at):
            helps = newcomer.alone or self._ledger.gain(model, pool) or self._ledger.overhead(model.process, pool)
            if not helps or not self._is_evictable(model, pool) or model in self._draining:
                continue
            had_its_time = now >= model.stays_until or urgency < model.urgency
            is_idle = not model.users and model.name not in needed
            if is_idle and (had_its_time or now >= model.used_at + BETWEEN_SENTENCES):
                idle.append(model)
            elif had_its_time:
                busy.append(model)
            else:
                until = min(model.stays_until, model.used_at + BETWEEN_SENTENCES) if is_idle else model.stays_until
                self.wakes_at = min(self.wakes_at, until)
        # A resident model can be parked, and a parked one has to be loaded from disk again.
        # What only its process takes comes free when the last of its models goes.
        order = sorted(idle, key=lambda model: (model.state == "parked", not self._ledger.gain(model, pool)))
        return order + busy

    def _evict(self, victim: Model, pool: str) -> Step:
        """Park a model where that helps, else unload it."""
        helps = victim.state == "resident" and (pool != HOST or victim.parked_size < victim.size)
        return self._go(victim, "parked" if helps and victim.leaving != "cold" else "cold")

    def _go(self, model: Model, to: Literal["cold", "parked"]) -> Step:
        """Have a model go; it is unloaded where host memory has no room for it parked."""
        model.leaving = None
        has_room = model.pool == HOST or model.parked_size <= self._free(HOST) + model.held.get(HOST, 0)
        if to == "parked" and has_room:
            model.state = "parking"
            model.held[HOST] = max(model.held.get(HOST, 0), model.parked_size)
            return Step(Action.PARK, model.name, model.pool)
        model.state = "unloading"
        return Step(Action.UNLOAD, model.name, model.pool)

    def _expire(self, now: float) -> Iterator[Step]:
        for model in self._ledger:
            if model.is_there and not model.users and model not in self._promised:
                if now >= model.expires_at:
                    yield self._go(model, "cold")
                else:
                    self.wakes_at = min(self.wakes_at, model.expires_at)

    def _trim(self) -> Iterator[Step]:
        """Let idle models go where more is taken than there may be: something was larger than expected."""
        for pool, budget in self._ledger.budgets.items():
            over = self._ledger.used(pool) - self._ledger.going(pool) - budget
            for victim in sorted(self._ledger, key=lambda model: model.used_at):
                gain = self._ledger.gain(victim, pool)
                if over > 0 and gain and not victim.users and self._is_evictable(victim, pool):
                    over -= gain
                    yield self._evict(victim, pool)

    def _settle(self, want: Want, error: SpeechError | None) -> None:
        self._wants.remove(want)
        want.on_settled(error)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
