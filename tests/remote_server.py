"""A server that answers as a test tells it to: for faults that no real server makes on demand."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from assets import Loaded

from wyoming_openspeakers.engines.base import ModelSpec, engine_class

Script = Callable[["Caller"], None]

LONG = " ".join(
    f"The living room is at {n} degrees, and the window was open for more than {n} hours." for n in range(40)
)
"""No two sentences are the same, for a service of ours keeps what it has said."""


class Caller:
    """Somebody who has connected."""

    def __init__(self, server: FaultServer, connection: socket.socket) -> None:
        self._server = server
        self._connection = connection
        self.reader = connection.makefile("rb")
        self.head = ""
        self.body: dict[str, Any] = {}

    def read_request(self) -> None:
        """Read an HTTP request."""
        lines: list[str] = []
        while (line := self.reader.readline()) not in (b"", b"\r\n"):
            lines.append(line.decode())
        if not line:
            raise ConnectionError("nobody is there any more")
        self.head = "".join(lines)
        size = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")), 0)
        data = self.reader.read(size)
        if len(data) < size:
            raise ConnectionError("nobody is there any more")
        self.body = json.loads(data) if data else {}

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._connection.sendall(data)

    def begin(self, kind: str = "audio/pcm", status: int = 200, *more: str) -> None:
        """Send the headers of an answer in chunks."""
        lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", "Transfer-Encoding: chunked", *more, "", ""]
        self.send("\r\n".join(lines).encode())

    def chunk(self, data: bytes) -> None:
        """Send a chunk; the empty one is the last."""
        self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def answer(self, data: bytes, kind: str = "audio/pcm", status: int = 200, *more: str) -> None:
        """Send a whole answer."""
        self.begin(kind, status, *more)
        if data:
            self.chunk(data)
        self.chunk(b"")

    def wait_for_hang_up(self) -> None:
        """Wait until the other side is gone, and note when that was."""
        with suppress(OSError):
            while self._connection.recv(4096):
                pass
        self._server.left_at = time.monotonic()
        self._server.left.set()


class FaultServer:
    """Listens on loopback; each connection is answered by the script."""

    def __init__(self, script: Script, http: bool = True, context: ssl.SSLContext | None = None) -> None:
        self.script = script
        self._context = context
        self._http = http
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.callers: list[Caller] = []
        self.left = threading.Event()
        self.left_at = 0.0
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        """Its API."""
        return f"http{'s' if self._context else ''}://127.0.0.1:{self.port}/v1"

    def close(self) -> None:
        """Listen no more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with plain, suppress(OSError), self._secured(plain) as connection:
            caller = Caller(self, connection)
            with caller.reader:
                if self._http:
                    caller.read_request()
                self.callers.append(caller)
                self.script(caller)

    def _secured(self, connection: socket.socket) -> socket.socket:
        return self._context.wrap_socket(connection, server_side=True) if self._context else connection


@contextmanager
def fault_server(script: Script, http: bool = True, context: ssl.SSLContext | None = None) -> Iterator[FaultServer]:
    """A server for one test."""
    server = FaultServer(script, http, context)
    try:
        yield server
    finally:
        server.close()


def dead_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def loaded(spec: ModelSpec, voice: str = "nova") -> Loaded:
    """The engine of a remote model."""
    engine = engine_class(spec.engine)()
    engine.load(spec, "cpu")
    return Loaded(engine, spec, voice)


def until(condition: Callable[[], Any], patience: float = 10) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.02)
