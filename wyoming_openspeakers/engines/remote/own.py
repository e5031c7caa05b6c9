"""Whether a server is this very process: a service that asks itself would never come to an end."""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path

from ..base import EngineError
from .address import Address

_LISTENS = "0A"
_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


def is_own(connection: socket.socket) -> bool:
    """Whether this process listens at the other end; False where the system does not tell."""
    try:
        if connection.family == socket.AF_UNIX:
            return _peer(connection) == os.getpid()
        if connection.getsockname()[0] != connection.getpeername()[0]:
            return False
        return not _listeners(connection.getpeername()[1]).isdisjoint(_sockets())
    except (OSError, AttributeError, ValueError, IndexError):
        return False


def refuse_own(connection: socket.socket, address: Address) -> None:
    """Raise where a service has connected to itself."""
    if is_own(connection):
        raise EngineError(f"{address} is this service itself", "bad_parameter")


def _peer(connection: socket.socket) -> int:
    size = struct.calcsize("3i")
    peer: int = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))[0]
    return peer


def _listeners(port: int) -> set[str]:
    """The system's numbers of the sockets that listen on a port of this machine."""
    lines = [line.split() for table in _TABLES for line in _lines(Path(table))]
    return {
        fields[9]
        for fields in lines
        if len(fields) > 9 and fields[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == port
    }


def _lines(table: Path) -> list[str]:
    return table.read_text(encoding="ascii").splitlines()[1:] if table.exists() else []


def _sockets() -> set[str]:
    """The system's numbers of this process's sockets."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(target[len("socket:[") : -1])
    return found
