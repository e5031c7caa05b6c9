"""What becomes of requests when workers are killed at random."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter

import psutil
from bench.client import ServerError, speak
from bench.results import Figure
from bench.servers import Server, our_server
from bench.setup import Setup
from bench.texts import sentences

_CLIENTS = 6


def measure(setup: Setup) -> list[Figure]:
    """Speak with the default voice over the socket while its process is killed again and again."""
    with our_server(setup) as server:
        return asyncio.run(_measure(server, setup.count(300, least=60)))


async def _measure(server: Server, requests: int) -> list[Figure]:
    source = sentences(seed=41)
    texts = [next(source) for _ in range(requests)]
    for text in texts[:20]:
        await speak(server.port, text)
    await asyncio.sleep(1)  # connections that just closed leave the table
    before = _weigh(server)
    ends: Counter[str] = Counter()
    killed = 0

    async def client(number: int) -> None:
        pause = random.Random(number)
        for text in texts[number::_CLIENTS]:
            # As people do: so that the requests meet the worker in all of its states, and last longer than one of them.
            await asyncio.sleep(pause.uniform(0, 2))
            try:
                spoken = await speak(server.port, text, patience=60)
                ends["audio" if spoken.seconds > 0.2 else "nothing"] += 1
            except ServerError as error:
                ends["error" if len(str(error)) > 20 and "hung up" not in str(error) else "silence"] += 1
            except (OSError, TimeoutError):
                ends["silence"] += 1

    async def killer() -> None:
        nonlocal killed
        chance = random.Random(5)
        while True:
            await asyncio.sleep(chance.uniform(0.2, 3))
            workers = server.says_about("/health").get("workers")
            assert isinstance(workers, list)
            for worker in workers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker["pid"], signal.SIGKILL)
                    killed += 1

    killing = asyncio.create_task(killer())
    await asyncio.gather(*(client(number) for number in range(_CLIENTS)))
    killing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await killing
    await _rested(server)
    for text in texts[:20]:
        await speak(server.port, text)
    await asyncio.sleep(1)
    after = _weigh(server)
    answered = ends["audio"] + ends["error"]
    names = ("main", "workers", "files", "processes", "tasks")
    grown = dict(zip(names, (new - old for new, old in zip(after, before, strict=True)), strict=True))
    return [
        Figure("killed", "requests without audio or a clear error", requests - answered, at_most=0,
               note=f"of {requests}, {killed} kills; {dict(ends)}"),
        Figure("killed", "kills", killed, at_least=10),
        Figure("killed", "main process, growth", grown["main"], "MB", at_most=10, note=f"from {before[0]:.0f} MB"),
        Figure("killed", "workers, growth", grown["workers"], "MB", at_most=40, note=f"from {before[1]:.0f} MB"),
        *(Figure("killed", f"{name}, growth", grown[name], at_most=0) for name in ("files", "processes", "tasks")),
    ]  # fmt: skip


async def _rested(server: Server) -> None:
    """Wait until a worker that keeps ending may start again."""
    for _ in range(120):
        with contextlib.suppress(ServerError):
            await speak(server.port, "All is well again.")
            break
        await asyncio.sleep(0.5)


def _weigh(server: Server) -> tuple[float, float, int, int, int]:
    children: list[psutil.Process] = server.process.children(recursive=True)
    family = [server.process, *children]
    return (
        server.memory(),
        sum(child.memory_info().rss for child in children) / 1e6,
        sum(member.num_fds() for member in family),
        len(family),
        int(str(server.says_about("/health").get("tasks", 0))),
    )
