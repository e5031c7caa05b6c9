"""What waits to be sent to the broker: filled without waiting, and never more than the house can use."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

_MOST_EVENTS = 500
_MOST_CLEARED = 1000

_EVENT_AGE = 10.0
"""Seconds after which an event is no news any more."""


@dataclass(frozen=True)
class Outgoing:
    """A message for the broker."""

    topic: str
    payload: str | bytes
    qos: int = 1
    retain: bool = False
    correlation: bytes | None = None
    """What the one who asked wants to know its answer by."""

    at: float = field(default_factory=time.monotonic, compare=False)


class Outbox:
    """What is retained is kept, the latest of each topic, so that it can be told anew; what happens is told once."""

    def __init__(self, most_events: int = _MOST_EVENTS, event_age: float = _EVENT_AGE) -> None:
        self._retained: dict[str, Outgoing] = {}
        self._changed: dict[str, None] = {}
        """Retained topics that the broker does not have as they are now, in the order of their change."""
        self._events: deque[Outgoing] = deque(maxlen=most_events)
        self._event_age = event_age

    def put(self, message: Outgoing) -> None:
        """Take a message; one that says what the broker has been told already is not sent again."""
        if not message.retain:
            self._events.append(message)
            return
        if self._retained.get(message.topic) == message:
            return
        # What changed last is sent last.
        self._retained.pop(message.topic, None)
        self._changed.pop(message.topic, None)
        self._retained[message.topic] = message
        self._changed[message.topic] = None
        self._forget_cleared()

    def retains(self, topic: str) -> bool:
        """Whether there is something to be known by this topic."""
        kept = self._retained.get(topic)
        return kept is not None and bool(kept.payload)

    def renew(self) -> None:
        """Forget what the broker was told: it may be another one."""
        self._changed = dict.fromkeys(self._retained)

    def next(self) -> Outgoing | None:
        """What is to be sent now: what came first, as far as it is not superseded or too old to be news."""
        while self._events and time.monotonic() - self._events[0].at > self._event_age:
            self._events.popleft()
        changed = next((self._retained[topic] for topic in self._changed), None)
        happened = self._events[0] if self._events else None
        if changed and happened:
            return min(changed, happened, key=lambda message: message.at)
        return changed or happened

    def sent(self, message: Outgoing) -> None:
        """Take a message off: the broker has it."""
        if not message.retain:
            if self._events and self._events[0] is message:
                self._events.popleft()
        elif self._retained.get(message.topic) is message:
            self._changed.pop(message.topic, None)
            if not message.payload:
                del self._retained[message.topic]

    def __len__(self) -> int:
        return len(self._changed) + len(self._events)

    def _forget_cleared(self) -> None:
        """Topics that were cleared while the broker was away must not pile up."""
        if len(self._changed) <= _MOST_CLEARED:
            return
        cleared = [topic for topic in self._changed if not self._retained[topic].payload]
        for topic in cleared[:-_MOST_CLEARED]:
            del self._retained[topic], self._changed[topic]
