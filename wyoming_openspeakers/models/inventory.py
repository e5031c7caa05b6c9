"""What there is of each model on disk, and what it can do: looked up in a thread, and not more often than is needed."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ..engines.base import Voice
from ..engines.capabilities import Capabilities
from ..errors import UnknownModel
from .hub.installed import size_of_parts, size_on_disk
from .memory.devices import Need
from .memory.residents import Residents
from .readiness import problem_and_fix
from .registry import Registry

_LOGGER = logging.getLogger(__name__)
_AGE = 1.0
_OLD = 10.0


@dataclass(frozen=True)
class Stock:
    """A model as it was found."""

    capabilities: Capabilities
    voices: tuple[Voice, ...]
    problem: str | None
    """Why it cannot be used and how to mend it."""

    bytes: int
    """What it takes on disk, in the service's own folder."""

    partial_bytes: int
    """The part of these that downloads which were cut off have brought."""

    need: Need


class Inventory:
    """Looks at all models."""

    def __init__(self, registry: Registry, residents: Residents) -> None:
        self._registry = registry
        self._residents = residents
        self._found: Mapping[str, Stock] = {}
        self._found_at = -math.inf
        self._changes = 1
        self._seen = 0
        """The changes that the last look saw."""
        self._looking: asyncio.Task[None] | None = None

    def spoil(self) -> None:
        """Say that something has changed: who asks from now on waits until that was seen."""
        self._changes += 1

    async def get(self) -> Mapping[str, Stock]:
        """All models. What was put there by hand is seen a second later by who keeps asking, at once by others."""
        changes, age = self._changes, time.monotonic() - self._found_at
        if self._looking is None and age > _AGE:
            self._begin()
        if self._looking and age > _OLD:
            await asyncio.shield(self._looking)
        while self._seen < changes or not self._registry.models.keys() <= self._found.keys():
            await asyncio.shield(self._looking or self._begin())
        return self._found

    def _begin(self) -> asyncio.Task[None]:
        self._looking = asyncio.create_task(self._look(), name="look at models")
        return self._looking

    async def _look(self) -> None:
        changes = self._changes
        try:
            self._found = await asyncio.to_thread(self._look_at, tuple(self._registry.models))
            self._found_at = time.monotonic()
            self._seen = changes
        finally:
            self._looking = None

    def _look_at(self, models: Iterable[str]) -> Mapping[str, Stock]:
        found = {}
        for model in models:
            with suppress(UnknownModel):  # it went meanwhile
                found[model] = self._stock(model)
        return found

    def _stock(self, model: str) -> Stock:
        registry = self._registry
        voices: Sequence[Voice] = ()
        capabilities = registry.engine(model).capabilities
        try:
            capabilities = registry.capabilities(model)
            if (problem := problem_and_fix(registry, model)) is None:
                voices = registry.engine(model).voices(registry.spec(model))
        except UnknownModel:
            raise
        except Exception:
            _LOGGER.exception("The voices of %s cannot be listed", model)
            problem = "Its voices cannot be listed; the log tells why"
        folder = registry.folder(model)
        size, parts = size_on_disk(folder), size_of_parts(folder)
        return Stock(capabilities, tuple(voices), problem, size, parts, self._residents.need(model))
