"""How commands are answered: the schemas of all answers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .command_types import Id
from .payloads import Documented, ErrorEvent, Payload
from .topics import Topics

SayState = Literal["accepted", "complete", "failed"]


class SayEvent(Payload):
    """How a text is doing that was to be spoken; each has two of them."""

    event_type: SayState
    state: SayState
    id: Id | None = Field(description="What its sender calls it.")
    job: str = Field(description="What the service calls it.")
    url: str | None = Field(None, description="Where its audio is, once it is complete; null without a side server.")
    duration: float | None = Field(None, description="Seconds of audio.")
    voice: str | None = None
    error: str | None = None
    code: str | None = Field(None, description="The kind of error, for programs.")


class CommandRefused(ErrorEvent):
    """A command was not done."""

    source: Literal["command"] = "command"
    command: str
    code: str = Field(description="The kind of error, for programs.")
    id: Id | None


class CommandDone(Payload):
    """A command was done; told only where its sender wants to be answered."""

    command: str
    id: Id | None
    state: Literal["done"] = "done"


def documented_answers(topics: Topics) -> list[Documented]:
    """The topics on which commands are answered, beside that of errors."""
    return [
        Documented(
            topics.say_events, SayEvent, "A text of `say` was accepted, is complete or failed.", retained=False
        )
    ]
