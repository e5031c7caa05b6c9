"""Wyoming events to and from a server that may send anything."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, cast

from wyoming.event import Event, read_event, write_event

from .address import Address
from .failure import ServerFailed
from .line import Line

_LONGEST_HEADER = 1 << 20
_LONGEST_PART = 64 << 20


class Talk:
    """A conversation."""

    def __init__(self, line: Line, address: Address) -> None:
        self.line = line
        self._address = address
        self._source = cast(BinaryIO, _Bounded(line.makefile(), address))

    def say(self, event: Event) -> None:
        """Send an event."""
        data = io.BytesIO()
        write_event(event, data)
        self.line.sendall(data.getvalue())

    def hear(self) -> Event | None:
        """The next event; None when the server hung up."""
        try:
            event = read_event(self._source)
        except (KeyError, AttributeError, TypeError):
            raise _no_wyoming(self._address) from None
        if event is not None and not (isinstance(event.type, str) and isinstance(event.data or {}, dict)):
            raise _no_wyoming(self._address)
        if event is not None and event.data is None:
            event.data = {}
        return event


class _Bounded:
    """A reader that does not take in more than an event may have."""

    def __init__(self, source: io.BufferedReader, address: Address) -> None:
        self._source = source
        self._address = address

    def readline(self) -> bytes:
        line = self._source.readline(_LONGEST_HEADER)
        if line[:1] not in (b"", b"{") or len(line) == _LONGEST_HEADER:
            raise _no_wyoming(self._address)
        return line

    def read(self, size: Any) -> bytes:
        if not isinstance(size, int) or size > _LONGEST_PART:
            raise _no_wyoming(self._address)
        return self._source.read(size)


def _no_wyoming(address: Address) -> ServerFailed:
    return ServerFailed(f"{address} does not speak Wyoming")
