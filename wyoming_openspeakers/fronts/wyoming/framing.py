"""Read Wyoming events from strangers: bounded, and never surprised.

The library's reader is for friends: it waits for as much data as a header announces, and drops the connection without
a word on what it cannot parse.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from wyoming.event import Event

from ...errors import InvalidRequest

MAX_HEADER = 64 * 1024
"""Bytes of a header line."""

MAX_DATA = 4 * 1024 * 1024
"""Bytes of the data that follow a header: the longest text by far."""

MAX_PAYLOAD = 1024 * 1024
"""Bytes of payload; no event for a speech service has one."""


class FramingError(InvalidRequest):
    """Bytes that are not a Wyoming event; what follows cannot be read either."""

    code = "bad-frame"


async def read_event(reader: asyncio.StreamReader) -> Event | None:
    """The next event, None at the end of the stream.

    `reader` must be limited to MAX_HEADER bytes a line.
    """
    try:
        line = await reader.readline()
    except ValueError:
        raise FramingError(f"A header line is longer than {MAX_HEADER} bytes") from None
    if not line.endswith(b"\n"):
        return None
    header = _object(line, "header")
    event_type = header.get("type")
    if not isinstance(event_type, str) or not event_type:
        raise FramingError("A header has no type")
    data = header.get("data")
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise FramingError(f"The data of {event_type[:40]!r} are not an object")
    try:
        if length := _length(header, "data_length", MAX_DATA):
            data |= _object(await reader.readexactly(length), "data")
        payload = None
        if length := _length(header, "payload_length", MAX_PAYLOAD):
            payload = await reader.readexactly(length)
    except asyncio.IncompleteReadError:
        return None
    return Event(event_type, data, payload)


def _object(raw: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(raw)
        if b"\\ud" in raw.lower():
            # Half a surrogate pair is a string to Python, and no text to anybody else.
            value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise FramingError(f"The {what} of an event is not JSON") from None
    if not isinstance(value, dict):
        raise FramingError(f"The {what} of an event is not a JSON object")
    return value


def _length(header: dict[str, Any], name: str, most: int) -> int:
    length = header.get(name)
    if length is None:
        return 0
    if isinstance(length, bool) or not isinstance(length, int) or length < 0:
        raise FramingError(f"{name} is not a whole number")
    if length > most:
        raise FramingError(f"{name} is {length}; at most {most} bytes are taken")
    return length
