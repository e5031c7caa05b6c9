"""Ask an HTTP server and read its answer while it comes."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from typing import Any

from ..base import EngineError
from ..control import CancelFlag
from .address import Address
from .dial import dial
from .failure import ServerFailed
from .line import Line, hung_up
from .words import message_in, without

_LARGEST_ERROR = 64 * 1024
_PIECE = 64 * 1024
_AGENT = "wyoming-openspeakers"
_TOO_MUCH = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


@dataclass(frozen=True)
class HttpServer:
    """A server, and how to ask it."""

    address: Address
    key: str = field(default="", repr=False)
    key_place: str = ""
    """Where the key is, to be told when the server refuses it."""

    context: ssl.SSLContext | None = None
    """How to trust it, for https."""

    @contextmanager
    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None, patience: float, cancel: CancelFlag
    ) -> Iterator[Answer]:
        """The answer to a request, once its headers are there; `patience` is for all until then."""
        with Line(dial(self.address, cancel, self.context), self.address, cancel) as line:
            line.expect(patience)
            connection = http.client.HTTPConnection(self.address.host, self.address.port)
            connection.sock = line
            headers = {"User-Agent": _AGENT, "Accept": "*/*", "Connection": "close"}
            if self.key:
                headers["Authorization"] = f"Bearer {self.key}"
            data = None
            if body is not None:
                data = json.dumps(body).encode()
                headers["Content-Type"] = "application/json"
            with self.understood():
                connection.request(method, self.address.path + path, data, headers)
                response = connection.getresponse()
            yield Answer(self, line, response)

    @contextmanager
    def understood(self) -> Iterator[None]:
        """Say in our words what goes wrong while an answer is read."""
        try:
            yield
        except (http.client.IncompleteRead, http.client.RemoteDisconnected):
            raise hung_up(self.address) from None
        except (http.client.HTTPException, ValueError) as error:
            # Its text may repeat what was sent: the kind says enough.
            kind = type(error).__name__
            raise ServerFailed(f"{self.address} does not answer as an HTTP server should ({kind})") from None

    def refusal(self, status: int, said: str) -> EngineError:
        """What an answer other than success means."""
        said = without(self.key, said)
        words = f": {said}" if said else ""
        match status:
            case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN if self.key_place:
                return EngineError(f"{self.address} does not take the key in {self.key_place}", "bad_parameter")
            case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
                text = f"{self.address} wants a key; name where it is by api_key_env or api_key_file"
                return EngineError(text, "bad_parameter")
            case HTTPStatus.NOT_FOUND:
                return EngineError(f"{self.address} has no such thing{words}", "not_found")
            case _ if status in _TOO_MUCH:
                return EngineError(f"{self.address} is busy; try again in a moment{words}", "busy")
            case _ if 300 <= status < 400:
                text = f"{self.address} sends elsewhere; give parameters.url the address that it sends to"
                return EngineError(text, "bad_parameter")
            case _:
                return ServerFailed(f"{self.address} answered with {status}{words}")


class Answer:
    """What a server answers."""

    def __init__(self, server: HttpServer, line: Line, response: http.client.HTTPResponse) -> None:
        self.line = line
        self._server = server
        self._response = response
        self.status = response.status
        self.headers: Message = response.headers

    @property
    def tells_its_end(self) -> bool:
        """Whether an answer that was cut off can be told from one that has ended."""
        return self._response.chunked or self._response.length is not None

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes."""
        # Headers that were cut off look like an answer with nothing in it.
        is_cut = not self.tells_its_end
        while data := self._read(_PIECE):
            is_cut = False
            yield data
        if is_cut or self._response.length:
            raise hung_up(self._server.address)

    def whole(self, most: int) -> bytes:
        """A body of which no more than so much is read."""
        data = b""
        while len(data) < most and (more := self._read(most - len(data))):
            data += more
        return data

    def check(self) -> None:
        """Raise what an answer other than success means."""
        if self.status != HTTPStatus.OK:
            raise self._server.refusal(self.status, self._said())

    def _said(self) -> str:
        try:
            return message_in(self.whole(_LARGEST_ERROR))
        except EngineError:
            return ""

    def _read(self, most: int) -> bytes:
        with self._server.understood():
            return self._response.read1(most)
