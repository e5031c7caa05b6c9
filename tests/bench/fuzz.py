"""A hundred thousand frames of nonsense: the service survives, stays small and serves the next client."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from bench.client import speak
from bench.frames import conversations
from bench.results import Figure
from bench.servers import PIPER_VOICE, Server, our_server, wyoming_piper
from bench.setup import Setup

_CONNECTIONS = 8
_LISTEN = 0.1
"""Seconds that a connection takes answers before its client is gone."""


@dataclass(frozen=True)
class Aftermath:
    """What is left of a server."""

    alive: bool
    growth: float
    """Megabytes of the main process."""

    next_audio: float
    """Seconds of audio that the next client got."""

    complaints: int
    """Tracebacks in its log."""

    refused: int
    """Connections that could not be opened."""


def measure(setup: Setup) -> list[Figure]:
    """Send the frames, then look at what is left; fewer frames to wyoming-piper, to compare."""
    frames, fewer = setup.count(100_000), setup.count(10_000)
    # The cache is on, so that what is valid by chance costs the engine nothing.
    with our_server(setup, cache=True) as server:
        voice = server.voice("hibari", "heart") if server.is_ours else None
        mine = asyncio.run(_attack(server, frames, voice))
    with wyoming_piper(setup) as theirs:
        other = asyncio.run(_attack(theirs, fewer, PIPER_VOICE))
    return [
        Figure("fuzz", "same process afterwards", int(mine.alive), at_least=1, note=f"{frames:,} frames"),
        Figure("fuzz", "main process, growth", mine.growth, "MB", at_most=30,
               note=f"wyoming-piper {other.growth:.1f} MB after {fewer:,}"),
        Figure("fuzz", "the next client's audio", mine.next_audio, "s", at_least=0.3,
               note=f"wyoming-piper {other.next_audio:.2f} s"),
        Figure("fuzz", "connections that could not be opened", mine.refused, at_most=0,
               note=f"wyoming-piper {other.refused}"),
        Figure("fuzz", "tracebacks in the log", mine.complaints, at_most=0, note=f"wyoming-piper {other.complaints}"),
    ]  # fmt: skip


async def _attack(server: Server, frames: int, voice: str | None) -> Aftermath:
    await speak(server.port, "Everything is fine.", voice)
    pid, before = server.process.pid, server.memory()
    source = conversations(seed=1, frames=frames)
    refused = 0

    async def attacker() -> None:
        nonlocal refused
        for conversation in source:
            refused += not await _send(server.port, b"".join(conversation))

    await asyncio.gather(*(attacker() for _ in range(_CONNECTIONS)))
    await asyncio.sleep(1.0)
    alive = server.process.is_running() and server.process.pid == pid and server.process.status() != "zombie"
    seconds = 0.0
    with contextlib.suppress(Exception):  # whatever goes wrong here means that the next client got nothing
        seconds = (await speak(server.port, "Everything is still fine.", voice, 30)).seconds
    complaints = server.log.read_text(errors="replace").count("Traceback (most recent call last)")
    return Aftermath(alive, server.memory() - before if alive else 0.0, seconds, complaints, refused)


async def _send(port: int, content: bytes) -> bool:
    """Send all of it, mostly half close, take answers for a moment and be gone; whether there was a connection."""
    try:
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:  # a timeout is one as well
        return False
    try:
        with contextlib.suppress(OSError):
            async with asyncio.timeout(5):
                writer.write(content)
                await writer.drain()
                if len(content) % 3:
                    writer.write_eof()
        with contextlib.suppress(OSError):
            async with asyncio.timeout(_LISTEN):
                while await reader.read(65536):
                    pass
    finally:
        # Abort and not close: nothing that the server says now has anywhere to go.
        writer.transport.abort()
    return True
