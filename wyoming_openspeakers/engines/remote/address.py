"""Where another server is: strictly read, so that a slip is told at once and not by a connection that fails."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from ..base import EngineError

WYOMING_PORT = 10200

_PORTS = {"http": 80, "https": 443, "tcp": WYOMING_PORT}
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?\.?|[0-9A-Fa-f:.]+(?:%[A-Za-z0-9_.-]+)?")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*")


@dataclass(frozen=True)
class Address:
    """A server's address."""

    scheme: str
    """`http`, `https`, `tcp` or `unix`."""

    host: str = ""
    port: int = 0
    path: str = ""
    """Without a slash at its end; the file of a Unix socket."""

    def __str__(self) -> str:
        if self.scheme == "unix":
            return f"unix://{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] and self.scheme != "tcp" else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


def http_address(text: str) -> Address:
    """The base of an API, such as `http://gpu.local:8091/v1`; `/v1` is what is meant where there is no path."""
    parts = _split(text, ("http", "https"), "http://host:8091/v1")
    if not _PATH.fullmatch(parts.path):
        raise _wrong("url has a path with characters that no path may have")
    return Address(parts.scheme, _host(parts), _port(parts), parts.path.rstrip("/") or "/v1")


def wyoming_address(text: str) -> Address:
    """A Wyoming server: `tcp://host:10200` or `unix:///run/piper.sock`."""
    parts = _split(text, ("tcp", "unix"), f"tcp://host:{WYOMING_PORT}")
    if parts.scheme == "unix":
        if parts.netloc or len(parts.path) < 2:
            raise _wrong("url should have three slashes and a path: unix:///run/piper.sock")
        return Address("unix", path=parts.path)
    if parts.path not in ("", "/"):
        raise _wrong("url has a path, and a Wyoming server has none")
    return Address("tcp", _host(parts), _port(parts))


def _split(text: str, schemes: tuple[str, ...], example: str) -> SplitResult:
    if not text:
        raise _wrong(f"url is missing: where the server is, such as {example}")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise _wrong("url has spaces or characters that no address may have")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise _wrong(f"url cannot be read; it should be like {example}") from None
    if parts.scheme not in schemes:
        raise _wrong(f"url should begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    if "@" in parts.netloc:
        # Not shown: it holds a password.
        raise _wrong("url holds a name or password; give a key by api_key_env or api_key_file")
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise _wrong("url should end with the path, without ? and #")
    return parts


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if not _HOST.fullmatch(host):
        raise _wrong("url has no host, or one with characters that no host may have")
    return host


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0 or parts.netloc.endswith(":"):
        raise _wrong("url has a port that is no number from 1 to 65535")
    return port or _PORTS[parts.scheme]


def _wrong(text: str) -> EngineError:
    return EngineError(f"parameters.{text}", "bad_parameter")
