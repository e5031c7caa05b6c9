"""What the service costs: memory, time to start, and growth over thousands of requests, failing ones among them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import numpy as np
import psutil
from bench.client import ServerError, connection, describe, request, speak
from bench.results import Figure, middle
from bench.servers import PIPER_VOICE, Server, our_server, wyoming_piper
from bench.setup import Setup
from bench.texts import long_text, sentences
from wyoming.tts import SynthesizeChunk

_SAMPLE_EVERY = 50
_CLIENTS = 4


@dataclass(frozen=True)
class Sample:
    """The server's processes at one moment."""

    requests: int
    main: float
    """Megabytes of the main process."""

    children: float
    """Megabytes of all its children."""

    files: int
    """File descriptors of all of them."""

    processes: int

    tasks: int
    """Of the service's event loop, as its health report counts them."""


def measure(setup: Setup) -> list[Figure]:
    """Start five times, then make two thousand requests to one of them."""
    starts = []
    for _ in range(setup.count(5)):
        with our_server(setup) as server:
            starts.append(server.started_in)
            asyncio.run(describe(server.port))
    with our_server(setup) as server:
        asyncio.run(speak(server.port, "The model is loaded now."))
        loaded = server.memory()
        samples = asyncio.run(_requests(server, setup.count(2000, least=200)))
    with wyoming_piper(setup) as theirs:
        asyncio.run(speak(theirs.port, "The model is loaded now.", PIPER_VOICE))
        other = theirs.memory()
        other_start = theirs.started_in
    first, last = samples[0], samples[-1]
    return [
        Figure("footprint", "main process with a model loaded", loaded, "MB", at_most=100,
               note=f"its workers {first.children:.0f} MB; wyoming-piper, one process: {other:.0f} MB"),
        Figure("footprint", "start to ready", middle(starts), "s", at_most=1.5,
               note=f"median of {len(starts)}; wyoming-piper, without its model: {other_start:.2f} s"),
        Figure("footprint", "main process, growth in the last half", _slope(samples, "main"), "MB", at_most=3,
               note=f"per 1,000 requests; {first.main:.0f} MB at the start, {last.main:.0f} MB after {last.requests}"),
        Figure("footprint", "workers, growth in the last half", _slope(samples, "children"), "MB", at_most=5,
               note=f"per 1,000 requests; {first.children:.0f} MB at the start, {last.children:.0f} MB after"),
        Figure("footprint", "open files, growth", last.files - first.files, at_most=2, note=f"from {first.files}"),
        Figure("footprint", "processes, growth", last.processes - first.processes, at_most=0,
               note=f"from {first.processes}"),
        Figure("footprint", "tasks, growth", last.tasks - first.tasks, at_most=0, note=f"from {first.tasks}"),
    ]  # fmt: skip


async def _requests(server: Server, count: int) -> list[Sample]:
    chance = random.Random(5)
    source = sentences(seed=21)
    for text in itertools.islice(source, 60):  # buffers and arenas find their size
        await speak(server.port, text)
    samples = [_sample(server, 0)]
    done = 0
    while done < count:
        kinds = chance.choices(list(_KINDS), weights=list(_KINDS.values()), k=_SAMPLE_EVERY)
        batches = [kinds[start::_CLIENTS] for start in range(_CLIENTS)]
        await asyncio.gather(*(_in_a_row(server, batch, source) for batch in batches))
        done += _SAMPLE_EVERY
        samples.append(_sample(server, done))
    await asyncio.sleep(1.0)  # connections that just closed leave the table
    samples.append(_sample(server, done))
    return samples


async def _in_a_row(server: Server, kinds: list[_Kind], source: Iterator[str]) -> None:
    for kind in kinds:
        await kind(server, next(source))


async def _whole(server: Server, text: str) -> None:
    await speak(server.port, text)


async def _nothing(server: Server, text: str) -> None:
    await speak(server.port, "🙂")


async def _unknown_voice(server: Server, text: str) -> None:
    with contextlib.suppress(ServerError):
        await speak(server.port, text, "no/such_voice")


async def _wrong_order(server: Server, text: str) -> None:
    async with connection(server.port) as client:
        await client.write_event(SynthesizeChunk(text).event())
        await client.read_event()


async def _broken(server: Server, text: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"{not json\n")
    await reader.read()
    writer.close()


async def _gone(server: Server, text: str) -> None:
    async with connection(server.port) as client:
        await client.write_event(request(long_text(len(text), count=5), None).event())
        await client.read_event()


async def _description(server: Server, text: str) -> None:
    await describe(server.port)


_Kind = Callable[[Server, str], Awaitable[None]]
_KINDS: dict[_Kind, int] = {
    _whole: 60,
    _nothing: 8,
    _unknown_voice: 8,
    _wrong_order: 6,
    _broken: 6,
    _gone: 6,
    _description: 6,
}
"""How many of a hundred requests are of which kind."""


def _sample(server: Server, requests: int) -> Sample:
    children: list[psutil.Process] = server.process.children(recursive=True)
    family = [server.process, *children]
    return Sample(
        requests,
        server.memory(),
        sum(child.memory_info().rss for child in children) / 1e6,
        sum(member.num_fds() for member in family),
        len(family),
        int(str(server.says_about("/health").get("tasks", 0))),
    )


def _slope(samples: list[Sample], what: str) -> float:
    """Megabytes for each thousand requests over the last half."""
    half = samples[len(samples) // 2 :]
    line = np.polyfit([one.requests for one in half], [getattr(one, what) for one in half], 1)
    return float(line[0]) * 1000
