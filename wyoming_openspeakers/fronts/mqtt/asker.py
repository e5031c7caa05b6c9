"""Whoever sent a command, and how they are answered."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...errors import SpeechError
from .command_types import Id
from .connection import Connection
from .topics import Topics

_LOGGER = logging.getLogger(__name__)

_LONGEST_ERROR = 500
_INTERNAL = "It failed in a way that nobody thought of; the log of the service says more"


@dataclass(frozen=True)
class Asker:
    """Gets all answers to one command: events for everybody and, for clients with MQTT 5, where they want them."""

    connection: Connection
    topics: Topics
    command: str
    id: Id | None = None
    response_topic: str = ""
    correlation: bytes | None = None

    def called(self, id: Id | None) -> Asker:
        """The one who calls this command so."""
        return replace(self, id=id)

    def refuse(self, error: Exception) -> None:
        """Say why nothing was done."""
        self._tell(self.topics.error_events, {"event_type": "error", "command": self.command, **words(error)})

    def done(self) -> None:
        """Say that it was done, to the one who asked; everybody else sees it."""
        self._respond({"command": self.command, "id": self.id, "state": "done"})

    def say(self, state: str, **fields: Any) -> None:
        """Say how a text is doing."""
        self._tell(self.topics.say_events, {"event_type": state, "state": state, **fields})

    def _tell(self, topic: str, fields: Mapping[str, Any]) -> None:
        told = {**fields, "id": self.id}
        self.connection.publish(topic, json.dumps(told))
        self._respond(told)

    def _respond(self, fields: Mapping[str, Any]) -> None:
        if may_answer(self.response_topic, self.topics.base):
            self.connection.publish(self.response_topic, json.dumps(fields), correlation=self.correlation)


def words(error: Exception) -> dict[str, str]:
    """An error as it is told: what nobody thought of goes to the log alone."""
    if isinstance(error, SpeechError):
        text = str(error)
        return {"error": text if len(text) <= _LONGEST_ERROR else f"{text[:_LONGEST_ERROR]}…", "code": error.code}
    _LOGGER.error("A command failed", exc_info=error)
    return {"error": _INTERNAL, "code": SpeechError.code}


def may_answer(topic: str, base: str) -> bool:
    """Whether an answer may go there: our own topics are not for others to write to by our hand."""
    return bool(topic) and not topic.startswith("$") and not f"{topic}/".startswith(f"{base}/")
