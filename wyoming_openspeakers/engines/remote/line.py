"""A connection to a server that ends as soon as a request is cancelled, and does not wait for ever."""

from __future__ import annotations

import io
import socket
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from ..base import EngineError
from ..control import CancelFlag, Cancelled
from .address import Address
from .failure import ServerFailed

_BUFFER = 64 * 1024
_LEAST = 0.001


class Line:
    """A connection, with as much of a socket's ways as http.client needs."""

    def __init__(self, connection: socket.socket, address: Address, cancel: CancelFlag) -> None:
        self._connection = connection
        self._address = address
        self._cancel = cancel
        self._patience = 0.0
        self._deadline = 0.0
        self._forget = cancel.on_set(self._hang_up)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._forget()
        # Both, so that a server which only writes is told at once.
        self._hang_up()
        self._connection.close()

    @property
    def connection(self) -> socket.socket:
        """The socket."""
        return self._connection

    def expect(self, seconds: float) -> None:
        """Say how long what is sent and read from now on may take in all."""
        self._patience = seconds
        self._deadline = time.monotonic() + seconds

    def sendall(self, data: bytes) -> None:
        """Send everything."""
        self._limit()
        try:
            self._connection.sendall(data)
        except OSError as error:
            raise self._failed(error) from None

    def makefile(self, mode: str = "rb", *_: object) -> io.BufferedReader:
        """What reads from it."""
        return io.BufferedReader(_Source(self), _BUFFER)

    def close(self) -> None:
        """Nothing: http.client lets go of a connection whose answer it has yet to read."""

    def receive(self, buffer: bytearray | memoryview) -> int:
        """Read what is there, or wait for something; 0 at the end."""
        self._limit()
        try:
            count = self._connection.recv_into(buffer)
        except OSError as error:
            raise self._failed(error) from None
        if self._cancel:
            raise Cancelled
        return count

    def _limit(self) -> None:
        self._connection.settimeout(max(_LEAST, self._deadline - time.monotonic()))

    def _failed(self, error: OSError) -> Exception:
        if self._cancel:
            return Cancelled()
        if isinstance(error, TimeoutError):
            return EngineError(f"{self._address} was silent for {self._patience:g} s and was given up", "timeout")
        return hung_up(self._address)

    def _hang_up(self) -> None:
        with suppress(OSError):
            # The plain socket's own: TLS would say goodbye first, which may wait, and must not while others read.
            socket.socket.shutdown(self._connection, socket.SHUT_RDWR)


def hung_up(address: Address) -> ServerFailed:
    """What to raise where an answer ends in the middle."""
    return ServerFailed(f"{address} hung up in the middle of its answer")


class _Source(io.RawIOBase):
    def __init__(self, line: Line) -> None:
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._line.receive(buffer)
