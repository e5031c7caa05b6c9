"""Eight clients at once: first audio, throughput, and `describe` meanwhile, against wyoming-piper."""

from __future__ import annotations

import asyncio
import itertools

from bench import visitors
from bench.client import speak
from bench.results import Figure, middle, percentile
from bench.servers import PIPER_VOICE, Server, our_server, wyoming_piper
from bench.setup import Setup
from bench.texts import texts

_CLIENTS = 8
_REQUESTS = 3
_DESCRIBE_EVERY = 0.05


def measure(setup: Setup) -> list[Figure]:
    """Take turns between both servers: the same texts for both, other texts each round."""
    rounds = setup.count(3)
    with our_server(setup) as ours, wyoming_piper(setup) as theirs:
        visits: dict[str, list[visitors.Visit]] = {ours.name: [], theirs.name: []}
        described: dict[str, list[float]] = {ours.name: [], theirs.name: []}
        for server in (ours, theirs):
            asyncio.run(_warm(server))
        for number in range(rounds):
            for server in (ours, theirs) if number % 2 else (theirs, ours):
                visit, times = _round(server, seed=number)
                visits[server.name].append(visit)
                described[server.name] += times
    mine, other = visits[ours.name], visits[theirs.name]
    my_p95, other_p95 = (percentile(_first_audio(side), 95) for side in (mine, other))
    speed = [one.audio_seconds / one.wall_seconds for one in mine]
    other_speed = [one.audio_seconds / one.wall_seconds for one in other]
    my_describe, other_describe = (percentile(described[name], 99) for name in (ours.name, theirs.name))
    return [
        Figure("crowd", "first audio, 95th percentile: ratio", my_p95 / other_p95, at_most=0.25,
               note=f"{my_p95 * 1000:.0f} ms against {other_p95 * 1000:.0f} ms"),
        Figure("crowd", "audio seconds per second: ratio", middle(speed) / middle(other_speed), at_least=1.3,
               note=f"{middle(speed):.1f} against {middle(other_speed):.1f}"),
        Figure("crowd", "describe meanwhile, 99th percentile", my_describe * 1000, "ms", at_most=20,
               note=f"theirs {other_describe * 1000:.0f} ms; {len(described[ours.name])} questions"),
        Figure("crowd", "failures", sum(one.failures for one in mine), at_most=0,
               note=f"of {_CLIENTS * _REQUESTS * rounds}; theirs {sum(one.failures for one in other)}"),
    ]  # fmt: skip


def _first_audio(visits: list[visitors.Visit]) -> list[float]:
    return [time for visit in visits for time in visit.first_audio]


async def _warm(server: Server) -> None:
    for text in itertools.islice(texts(seed=999), 3):
        await speak(server.port, text, server.voice("piper", PIPER_VOICE))


def _round(server: Server, seed: int) -> tuple[visitors.Visit, list[float]]:
    asking = visitors.describer(server.port, _DESCRIBE_EVERY)
    try:
        talking = visitors.crowd(server.port, server.voice("piper", PIPER_VOICE), _CLIENTS, _REQUESTS, seed)
        visit = visitors.crowd_result(talking)
    finally:
        times = visitors.describer_result(asking)
    return visit, times
