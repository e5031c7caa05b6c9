"""A message from the broker, as those see it who asked for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """Something that somebody has published."""

    topic: str
    payload: bytes
    retain: bool = False
    """It was said before we asked."""

    response_topic: str = ""
    """Where an answer is wanted, from clients with MQTT 5."""

    correlation: bytes | None = None
    """What the client wants to know the answer by."""
