"""Why models could not be loaded the last time, for as long as that is so."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ..events import DownloadChanged, Event, EventBus, ModelStateChanged


@dataclass(frozen=True)
class LoadFailure:
    """That a model could not be loaded."""

    error: str
    """Why, and what to do about it."""

    time: float
    """When, as Unix time."""


class LoadFailures:
    """Listens to what is told of models."""

    def __init__(self, bus: EventBus) -> None:
        self._failures: dict[str, LoadFailure] = {}
        bus.subscribe(self._see)

    def get(self, model: str) -> LoadFailure | None:
        """The last failure of a model; None when it has been loaded, or fetched anew, since then."""
        return self._failures.get(model)

    def _see(self, event: Event) -> None:
        match event:
            case ModelStateChanged(state="failed"):
                self._failures[event.model] = LoadFailure(event.error or "The log tells why", time.time())
            case ModelStateChanged(state="resident"):
                self._failures.pop(event.model, None)
            case DownloadChanged(state="complete"):
                # What failed with the old files says nothing of the new ones.
                self._failures.pop(event.name, None)
