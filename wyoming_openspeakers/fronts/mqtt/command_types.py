"""What commands may say: plain text from buttons and notifications, JSON from automations."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import from_json

from ...config.explain import explain
from ...config.values import parse_keep_alive
from ...errors import InvalidRequest, TooLarge
from ...speech.audio.formats import AudioFormat

Id = str | int
Priority = Literal["interactive", "job", "batch"]

AUTOMATIC = "automatic"
"""What stands for no choice at all where something has to stand."""

_LONGEST_ID = 200
_MOST_DIGITS = 63
_LONGEST_ESCAPE = 12
"""Bytes of one character where all of them are escaped: two `\\ud83d`."""

_OVERHEAD = 8192
"""Bytes for all that is not text."""


class BadCommand(InvalidRequest):
    """A command that cannot be understood."""

    def __init__(self, text: str, id: Id | None = None) -> None:
        super().__init__(text)
        self.id = id
        """What its sender calls it, where that can be read."""


def _checked_id(value: Any) -> Any:
    if value is None or is_id(value):
        return value
    raise ValueError(f"must be text of up to {_LONGEST_ID} characters or a whole number")


def is_id(value: Any) -> bool:
    """Whether it can be sent back as it is."""
    if isinstance(value, str):
        return len(value) <= _LONGEST_ID and not any("\ud800" <= letter <= "\udfff" for letter in value)
    return isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= _MOST_DIGITS


Name = Annotated[str, Field(max_length=500)]
ModelName = Annotated[str, Field(min_length=1, max_length=200)]


class Command(BaseModel):
    """Any command."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    plain: ClassVar[str] = ""
    """What a payload says that is no JSON object; empty where it says nothing."""

    id: Annotated[Any, AfterValidator(_checked_id)] = Field(None, description="Comes back with the answer.")

    @field_validator("keep_alive", mode="before", check_fields=False)
    @classmethod
    def _is_time(cls, value: Any) -> Any:
        if value is not None:
            parse_keep_alive(value)
        return value


class SayCommand(Command):
    """Speak a text into a file."""

    plain = "text"

    text: str
    voice: Name | None = None
    model: Annotated[str, Field(max_length=200)] | None = None
    language: Annotated[str, Field(max_length=35)] | None = None
    speed: float | None = Field(None, ge=0.25, le=4)
    pitch: float | None = Field(None, ge=-12, le=12)
    priority: Priority = "interactive"
    format: AudioFormat = "mp3"
    keep_alive: float | str | None = None


class StopCommand(Command):
    """Stop all that is being spoken."""


class LoadCommand(Command):
    """Have a model in memory."""

    plain = "model"

    model: ModelName
    keep_alive: float | str | None = None


class UnloadCommand(Command):
    """Free the memory of a model, or of all that nobody uses."""

    plain = "model"

    model: Annotated[str, Field(max_length=200)] = ""


class VoiceCommand(Command):
    """Choose the default voice."""

    plain = "voice"

    voice: Name = ""


class ModelCommand(Command):
    """Choose the default model: its default voice."""

    plain = "model"

    model: Annotated[str, Field(max_length=200)] = ""


class SpeedCommand(Command):
    """Choose how fast to speak."""

    plain = "speed"

    speed: float | None = Field(None, ge=0.25, le=4)


class KeepAliveCommand(Command):
    """Choose how long models stay in memory."""

    plain = "keep_alive"

    keep_alive: float | str | None = None


class DownloadCommand(Command):
    """Fetch a model."""

    plain = "model"

    model: ModelName
    voice: Annotated[str, Field(max_length=200)] = ""


class ClearCacheCommand(Command):
    """Forget the phrases that were kept."""


CommandT = TypeVar("CommandT", bound=Command)


def most_bytes(kind: type[Command], characters: int) -> int:
    """Of a payload, where a text may have so many characters."""
    return _OVERHEAD + (_LONGEST_ESCAPE * characters if kind is SayCommand else 0)


def read(kind: type[CommandT], payload: bytes, most: int) -> CommandT:
    """A command of its payload; raises BadCommand or TooLarge."""
    if len(payload) > most:
        raise TooLarge(f"The command has {len(payload)} bytes; at most {most} are read")
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        raise BadCommand("The command is not UTF-8 text") from None
    if "\0" in text:
        raise BadCommand("The command must not hold a NUL character")
    if not text.lstrip().startswith("{"):
        value = text.strip()
        return _checked(kind, {kind.plain: value} if kind.plain and value else {})
    try:
        data = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise BadCommand(f"Not valid JSON: {error}") from None
    if b"\\u0000" in payload and any(isinstance(value, str) and "\0" in value for value in data.values()):
        raise BadCommand("The command must not hold a NUL character", _id_of(data))
    return _checked(kind, data)


def _checked(kind: type[CommandT], data: dict[str, Any]) -> CommandT:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise BadCommand(explain(error, kind), _id_of(data)) from None


def _id_of(data: dict[str, Any]) -> Id | None:
    found = data.get("id")
    return found if is_id(found) else None
