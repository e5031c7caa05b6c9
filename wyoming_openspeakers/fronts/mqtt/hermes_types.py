"""What Rhasspy 2 says, and is told: the Hermes protocol."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, AliasGenerator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from ...config.explain import explain
from ...errors import InvalidRequest
from .command_types import is_id

SAY = "hermes/tts/say"
SAID = "hermes/tts/sayFinished"
ERROR = "hermes/error/tts"
PLAYED = "hermes/audioServer/+/playFinished"
LIST_VOICES = "rhasspy/tts/getVoices"
VOICES = "rhasspy/tts/voices"

DEFAULT_SITE = "default"

_LEVEL = re.compile(r"[^+#/\x00-\x1f\x7f\ud800-\udfff]{1,200}")
"""A part of a topic that is nobody's wildcard and no two parts."""


def is_level(text: str) -> bool:
    """Whether it can be one part of a topic."""
    return bool(_LEVEL.fullmatch(text)) and not text.startswith("$")


def play_topic(site: str, request: str) -> str:
    """Where a site takes audio to play."""
    return f"hermes/audioServer/{site}/playBytes/{request}"


def site_of(topic: str) -> str:
    """The site that a message of an audio server is from."""
    return topic.split("/")[2]


def _site(value: str) -> str:
    if not is_level(value):
        raise ValueError("must be one part of a topic, without + # /")
    return value


Name = Annotated[str, Field(max_length=200)]


class HermesMessage(BaseModel):
    """Any message; others than Rhasspy add fields of their own."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=AliasGenerator(validation_alias=to_camel))


class SayMessage(HermesMessage):
    """A text to speak at a site."""

    text: str
    site_id: Annotated[str, AfterValidator(_site)] = DEFAULT_SITE
    lang: Name | None = None
    id: Name | None = None
    session_id: Name | None = None
    volume: float | None = Field(None, ge=0, allow_inf_nan=False)


class PlayedMessage(HermesMessage):
    """A site has played what it was sent."""

    id: Name | None = None


class ListVoicesMessage(HermesMessage):
    """Somebody wants to know the voices."""

    id: Name | None = None
    site_id: Name = DEFAULT_SITE


MessageT = TypeVar("MessageT", bound=HermesMessage)


class BadMessage(InvalidRequest):
    """A message that cannot be understood, and what of it can."""

    def __init__(self, text: str, message: dict[str, Any] | None = None) -> None:
        super().__init__(text)
        self.message = {name: value for name, value in (message or {}).items() if _can_be_told(value)}


def _can_be_told(value: Any) -> bool:
    return isinstance(value, str) and is_id(value)


def read_message(kind: type[MessageT], payload: bytes, most: int) -> MessageT:
    """A message of its payload; raises BadMessage."""
    if len(payload) > most:
        raise BadMessage(f"The message has {len(payload)} bytes; at most {most} are read")
    try:
        data = from_json(payload or b"{}", allow_inf_nan=False)
    except ValueError as error:
        raise BadMessage(f"Not valid JSON: {error}") from None
    if not isinstance(data, dict):
        raise BadMessage("The message must be a JSON object")
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise BadMessage(explain(error, kind), data) from None
