"""Listening for connections so that a crowd does not hold up those who are in already."""

from __future__ import annotations

import asyncio
from typing import Final

ACCEPT_AT_ONCE: Final = 8
"""The `backlog` to give asyncio, which accepts so many before it looks at anything else."""

_WAITING = 512
"""Connections that the system holds until they are accepted."""


def let_wait(server: asyncio.Server) -> None:
    """Have the system hold a crowd: asyncio would have it hold no more than are accepted at once."""
    for listening in server.sockets:
        with listening.dup() as same:
            same.listen(_WAITING)
