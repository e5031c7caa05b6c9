"""Operations: what the side server can be asked, declared once for routing, validation and description."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from ...errors import SpeechError
from .door.limits import STREAMS

BodyT = TypeVar("BodyT")
QueryT = TypeVar("QueryT")
FieldsT = TypeVar("FieldsT", bound=BaseModel)

IS_TRUSTED = web.RequestKey("is_trusted", bool)


class Query(BaseModel):
    """Base of what may stand in a query string; unknown names are left alone, as browsers and proxies add some."""

    model_config = ConfigDict(extra="ignore")


class Body(BaseModel):
    """Base of what may be sent as JSON; unknown keys are left alone, as clients of other services send some."""

    model_config = ConfigDict(extra="ignore")


@dataclass(frozen=True)
class Upload(Generic[FieldsT]):
    """A multipart form: fields, and files under these names. A handler reads it with `uploads.uploaded`."""

    fields: type[FieldsT]
    files: Sequence[str]
    optional_files: Sequence[str] = ()


@dataclass(frozen=True)
class Call(Generic[BodyT, QueryT]):
    """One request, with what it brought already checked."""

    request: web.Request
    client: str
    """Who asks: turns are shared evenly between clients."""

    body: BodyT
    query: QueryT

    @property
    def path(self) -> Mapping[str, str]:
        """The parts of the path that differ: `{"id": "..."}`."""
        return self.request.match_info

    @property
    def is_trusted(self) -> bool:
        """The client has shown the key, or none is set; only what is open or a listing is ever asked without."""
        return bool(self.request.get(IS_TRUSTED))

    def stream(self) -> AbstractAsyncContextManager[None]:
        """Hold one of the places for texts that are spoken at once: `async with call.stream():`, or Busy."""
        return self.request.app[STREAMS].stream()


@dataclass(frozen=True)
class Media:
    """An answer that is not JSON."""

    types: Sequence[str]
    description: str


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked for."""

    method: str
    path: str
    handler: Callable[[Call[Any, Any]], Awaitable[object]]
    """Gives what `answer` says, or a response of its own where that is Media."""

    summary: str
    tag: str
    """The heading that it stands under."""

    description: str = ""
    body: type[BaseModel] | None = None
    """JSON."""

    query: type[Query] | None = None
    upload: Upload[Any] | None = None
    """A form. With a `body` too, either is taken, and the call's body is None when a form came."""

    answer: Any = None
    """A type that pydantic can write as JSON, a Media, or None for an empty answer."""

    status: int = 200
    errors: Sequence[type[SpeechError]] = ()
    """What it may be refused with, besides what any request may."""

    by_link: bool = False
    """Opens without a key by a link that the service has signed."""

    listing: bool = False
    """Tells only what there is, and may be open to clients without a key."""

    open: bool = False
    """Needs no key ever."""

    websocket: bool = False
    """A WebSocket: its handler makes the connection itself. Browsers may pass the key as `?token=`."""

    speaks: bool = False
    """Answers JSON, but with speech in it: the work ends when the client hangs up. Media always does so; whatever else
    changes something goes on to its end."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    """What the parts of the path mean, by their names."""


class Routes(Protocol):
    """A subject of the side server."""

    def operations(self) -> Sequence[Operation]:
        """What can be asked about it."""
