"""Whoever sent a command, and how they are answered."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ...errors import SpeechError
from .answers import CommandDone, CommandRefused, SayEvent, SayState
from .command_types import Id
from .connection import Connection
from .payloads import Payload
from .topics import Topics

_LOGGER = logging.getLogger(__name__)

_LONGEST_STATE = 255
_LONGEST_DETAIL = 4000
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
        text, code = words(error)
        refused = CommandRefused(
            error=text if len(text) <= _LONGEST_STATE else f"{text[: _LONGEST_STATE - 1]}…",
            detail=text[:_LONGEST_DETAIL],
            name=self.command,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            command=self.command,
            code=code,
            id=self.id,
        )
        self._tell(self.topics.error_events, refused)

    def done(self) -> None:
        """Say that it was done, to the one who asked; everybody else sees it."""
        self._respond(CommandDone(command=self.command, id=self.id))

    def say(self, state: SayState, job: str, **told: Any) -> None:
        """Say how a text is doing."""
        self._tell(self.topics.say_events, SayEvent(event_type=state, state=state, id=self.id, job=job, **told))

    def fail(self, job: str, error: Exception, voice: str | None = None) -> None:
        """Say why a text was not spoken to its end."""
        text, code = words(error)
        self.say("failed", job, voice=voice, error=text[:_LONGEST_DETAIL], code=code)

    def _tell(self, topic: str, what: Payload) -> None:
        self.connection.publish(topic, what.model_dump_json())
        self._respond(what)

    def _respond(self, what: Payload) -> None:
        if _may_answer(self.response_topic, self.topics.base):
            self.connection.publish(self.response_topic, what.model_dump_json(), correlation=self.correlation)


def words(error: Exception) -> tuple[str, str]:
    """An error and its code as they are told: what nobody thought of goes to the log alone."""
    if isinstance(error, SpeechError):
        # What was sent may stand in it, and not all of that can be sent back.
        return str(error).encode(errors="replace").decode(), error.code
    _LOGGER.error("A command failed", exc_info=error)
    return _INTERNAL, SpeechError.code


def _may_answer(topic: str, base: str) -> bool:
    """Whether an answer may go there: our own topics are not for others to write to by our hand."""
    return bool(topic) and not topic.startswith("$") and not f"{topic}/".startswith(f"{base}/")
