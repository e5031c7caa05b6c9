"""Reads and checks what a request brings: its body as JSON, and its query."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, TypeVar, get_origin

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from ....config.explain import explain
from ....errors import InvalidRequest, TooLarge, UnsupportedMedia
from ..errors import OPENAI_PREFIX, TooSlow, Unprocessable

ModelT = TypeVar("ModelT", bound=BaseModel)

_LONGEST_ESCAPE = 12
"""Bytes of one character where all of them are escaped: two `\\ud83d`."""

_OVERHEAD = 65_536
"""Bytes for all that is not text."""

_BODY_SECONDS = 30.0
_NUL = b"\\u0000"


def most_bytes(characters: int) -> int:
    """Of a JSON body whose text may have so many characters."""
    return characters * _LONGEST_ESCAPE + _OVERHEAD


async def read_json(request: web.Request, model: type[ModelT], most: int) -> ModelT:
    """The body, checked."""
    if not request.can_read_body:
        return checked(model, {}, request.path)
    subtype = request.content_type.rpartition("/")[2]
    if request.content_type != "application/json" and not subtype.endswith("+json"):
        raise UnsupportedMedia("Send JSON, with `Content-Type: application/json`")
    refuse_encoding(request)
    refuse_size(request, most)
    await go_on(request)
    body = await _read(request, most, _BODY_SECONDS)
    try:
        data = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidRequest(f"Not valid JSON: {error}") from None
    if not isinstance(data, dict):
        raise _refusal(f"The body must be a JSON object, not {type(data).__name__}", None, request.path)
    if _NUL in body:
        _refuse_nul(data, (), request.path)
    return checked(model, data, request.path)


def read_query(request: web.Request, model: type[ModelT]) -> ModelT:
    """The query, checked."""
    values: dict[str, Any] = {}
    for name in request.query:
        values[name] = request.query.getall(name) if takes_many(model, name) else request.query[name]
    _refuse_nul(values, (), request.path)
    return checked(model, values, request.path)


def takes_many(model: type[BaseModel], name: str) -> bool:
    """Whether a parameter may stand there more than once."""
    field = model.model_fields.get(name)
    return field is not None and get_origin(field.annotation) in (list, tuple)


def checked(model: type[ModelT], data: Mapping[str, Any], path: str) -> ModelT:
    """Data as a model; what is wrong is told in one line that names the parameter."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=True)[0]
        param = ".".join(str(part) for part in first["loc"]) or None
        raise _refusal(explain(error, model), param, path) from None


def refuse_encoding(request: web.Request) -> None:
    """Packed bodies are not read: a few of their bytes may stand for gigabytes."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("Send the body as it is, without a Content-Encoding")


def refuse_size(request: web.Request, most: int) -> None:
    """Refuse a body that says that it is too large, before any of it is read."""
    if request.content_length is not None and request.content_length > most:
        raise TooLarge(f"The body has {request.content_length} bytes; at most {most} are read")


async def go_on(request: web.Request) -> None:
    """Tell a client that waits for it that its body will be read: only now is it known to be welcome."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # Otherwise aiohttp takes the answer for begun.
        request.writer.output_size = 0


async def wait_to_be_asked(request: web.Request) -> None:
    """What aiohttp does for `Expect: 100-continue` before any check of ours: nothing, see `go_on`."""


async def _read(request: web.Request, most: int, seconds: float) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > most:
                    raise TooLarge(f"The body has more than {most} bytes")
    except TimeoutError:
        raise TooSlow(f"The body was not here after {seconds:g} seconds") from None
    except web.RequestPayloadError:
        raise InvalidRequest("The body cannot be read") from None
    return bytes(body)


def _refuse_nul(value: Any, location: tuple[str, ...], path: str) -> None:
    """No text that people write has it, and databases do not take it."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _refuse_nul(key, (*location, key), path)
            _refuse_nul(inner, (*location, key), path)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _refuse_nul(inner, (*location, str(index)), path)
    elif isinstance(value, str) and "\0" in value:
        name = ".".join(location).replace("\0", "")
        raise _refusal(f"{name}: must not hold a NUL character", name, path)


def _refusal(text: str, param: str | None, path: str) -> InvalidRequest:
    kind = InvalidRequest if path.startswith(OPENAI_PREFIX) else Unprocessable
    return kind(text, param)
