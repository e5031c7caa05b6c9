"""What happened lately, numbered: told to everyone who looks on, and again to who comes late."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, get_args

from pydantic_core import to_json

from ....events import DownloadChanged, Event, EventBus, GpusRead, JobChanged, SpeechEnded
from .outbox import Outbox

_OVER = ("complete", "failed", "cancelled")
_MOST_TEXT = 200
_MOST_JOBS = 10_000


@dataclass(frozen=True)
class Told:
    """An event as it is told."""

    type: str
    text: str
    """JSON."""


class EventHistory:
    """Listens to the bus and hands on what happens."""

    def __init__(self, bus: EventBus, *, texts: bool, most: int = 1000) -> None:
        """Knows the last `most` events; with `texts` it tells what was said, or how that begins."""
        self.number = 0
        """Of the last event; they count from 1 since the service was started."""

        self.jobs: dict[str, JobChanged] = {}
        """The requests that are not over, by their names."""

        self._texts = texts
        self._most = most
        self._told: OrderedDict[int, Told] = OrderedDict()
        self._last: dict[str, int] = {}
        """The numbers of events that the next of their kind makes worthless."""

        self._listeners: dict[Outbox, Collection[str]] = {}
        bus.subscribe(self._see)

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def since(self, number: int, types: Collection[str] = ()) -> list[str]:
        """The events after a number, as far as they are known; all, if the number is from before a restart."""
        after = number if number <= self.number else 0
        return [told.text for at, told in self._told.items() if at > after and (not types or told.type in types)]

    @contextmanager
    def told_to(self, outbox: Outbox, types: Collection[str] = ()) -> Iterator[None]:
        """Have what happens from now on put into an outbox; all types of events when none is named."""
        self._listeners[outbox] = types
        try:
            yield
        finally:
            del self._listeners[outbox]

    def _see(self, event: Event) -> None:
        self.number += 1
        if isinstance(event, JobChanged):
            self._note(event)
        if isinstance(event, SpeechEnded):
            event = replace(event, text=event.text[:_MOST_TEXT] if self._texts else "")
        kind = _TYPES[type(event)]
        told = Told(kind, frame(kind, self.number, event))
        self._keep(event, told)
        for outbox, types in self._listeners.items():
            if not types or told.type in types:
                outbox.put(told.text)

    def _note(self, event: JobChanged) -> None:
        self.jobs.pop(event.job, None)
        if event.state not in _OVER:
            self.jobs[event.job] = event
            if len(self.jobs) > _MOST_JOBS:
                del self.jobs[next(iter(self.jobs))]

    def _keep(self, event: Event, told: Told) -> None:
        if subject := _subject(event):
            self._told.pop(self._last.pop(subject, 0), None)
            if not (isinstance(event, DownloadChanged) and event.state in _OVER):
                self._last[subject] = self.number
        self._told[self.number] = told
        if len(self._told) > self._most:
            self._told.popitem(last=False)


def _spelled(kind: type[Event]) -> str:
    """`model_state_changed` for ModelStateChanged."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


_TYPES = {kind: _spelled(kind) for kind in get_args(Event)}
EVENT_TYPES = tuple(_TYPES.values())
"""What events are called."""


def frame(kind: str, number: int, data: Any) -> str:
    """What is sent of something that happened now."""
    return to_json(
        {"type": kind, "seq": number, "time": round(time.time(), 3), "data": data}, inf_nan_mode="null"
    ).decode()


def _subject(event: Event) -> str:
    """What an event is a reading of, where only the last reading is worth telling again."""
    match event:
        case GpusRead():
            return "gpus"
        case DownloadChanged():
            return f"download {event.name}"
        case _:
            return ""
