"""What a value in the configuration may look like."""

from __future__ import annotations

import contextlib
import ipaddress
import math
import re
from typing import Annotated, Any
from urllib.parse import urlparse

from pydantic import AfterValidator, BeforeValidator, Field

_LOWEST_RATE, _HIGHEST_RATE = 8000, 192_000

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]i?|)b?", re.IGNORECASE)
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_DURATION = re.compile(r"(-?\d+(?:\.\d+)?)\s*(ms|s|m|h|)", re.IGNORECASE)
_SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


def parse_size(value: Any) -> int:
    """Bytes: a number, or text such as 500MB or 1.5GiB."""
    found = _SIZE.fullmatch(str(value).strip()) if not isinstance(value, bool) else None
    if found is None:
        raise ValueError("must be a size such as 500MB or 1.5GB")
    return round(float(found[1]) * _UNITS[found[2].lower()])


def parse_budget(value: str, total: int) -> int:
    """Bytes of a budget: a size, or a share of what there is, such as 90%."""
    if share := _SHARE.fullmatch(value.strip()):
        return int(total * float(share[1]) / 100)
    return parse_size(value)


def parse_keep_alive(value: float | str) -> float:
    """Seconds to keep a model after its last use: 90, "5m", 0 to let it go at once, less than 0 to keep it for good."""
    found = _DURATION.fullmatch(str(value).strip()) if not isinstance(value, bool) else None
    if found is None:
        raise ValueError("must be seconds, a time such as 5m, 0 to unload at once or -1 to keep it for good")
    seconds = float(found[1]) * _SECONDS[found[2].lower()]
    return math.inf if seconds < 0 else seconds


def _budget(value: str) -> str:
    with contextlib.suppress(ValueError):
        share = _SHARE.fullmatch(value.strip())
        if share is None or float(share[1]) <= 100:
            parse_budget(value, 0)
            return value
    raise ValueError("must be a size such as 8GB or a share such as 90%")


def _keep_alive(value: float | str) -> float | str:
    parse_keep_alive(value)
    return value


def _device(value: str) -> str:
    if not _DEVICE.fullmatch(value):
        raise ValueError("must be auto, cpu, mps, cuda or a GPU such as cuda:1")
    return value


def _uri(value: str) -> str:
    with contextlib.suppress(ValueError):
        parts = urlparse(value)
        has_port = parts.port is not None
        if (parts.scheme == "tcp" and parts.hostname and has_port) or (parts.scheme == "unix" and parts.path):
            return value
    raise ValueError("must look like tcp://0.0.0.0:10200, tcp://[::]:10200 or unix:///run/openspeakers.sock")


def _address(value: str) -> str:
    host, _, port = value.rpartition(":")
    if value and not (host and port.isascii() and port.isdigit() and int(port) <= 65535):
        raise ValueError("must look like 127.0.0.1:8080, or be empty to turn HTTP off")
    return value


def _network(value: str) -> str:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise ValueError("must be an address or a network such as 192.168.1.0/24") from None
    return value


def _rate(value: int) -> int:
    if value and not _LOWEST_RATE <= value <= _HIGHEST_RATE:
        raise ValueError(f"must be from {_LOWEST_RATE} to {_HIGHEST_RATE}, or 0 for the voice's own")
    return value


Uri = Annotated[str, AfterValidator(_uri)]
HostPort = Annotated[str, AfterValidator(_address)]
Network = Annotated[str, AfterValidator(_network)]
Rate = Annotated[int, AfterValidator(_rate)]
Seconds = Annotated[float, Field(gt=0, le=86400)]
Silence = Annotated[float, Field(ge=0, le=10)]
Size = Annotated[int, BeforeValidator(parse_size)]
Budget = Annotated[str, AfterValidator(_budget)]
KeepAlive = Annotated[float | str, BeforeValidator(_keep_alive)]
Device = Annotated[str, AfterValidator(_device)]
