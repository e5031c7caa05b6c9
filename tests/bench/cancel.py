"""How soon a worker is free again after its clients have hung up."""

from __future__ import annotations

import asyncio
import random
import time

from bench.client import connection, request, speak
from bench.results import Figure, middle
from bench.servers import PIPER_VOICE, Server, our_server, wyoming_piper
from bench.setup import Setup
from bench.texts import long_text, sentences

_VOICES = (("hibari", "heart"), ("kokoro", "af_heart"), ("piper", PIPER_VOICE))
_CLIENTS = 4
"""Hang up at once, so that all places in a worker were taken."""

_PATIENCE = 30.0


def measure(setup: Setup) -> list[Figure]:
    """Hang up in the middle of a long text, then ask for a short one and see how much later it comes than usual."""
    figures = []
    with our_server(setup) as server:
        for engine, name in _VOICES if server.is_ours else _VOICES[-1:]:
            late, usual = asyncio.run(_times(server, server.voice(engine, name), setup.count(12, least=3)))
            figures += [
                Figure("cancel", f"{engine}: next request's delay", middle(late) * 1000, "ms", at_most=200,
                       note=f"after its usual {usual * 1000:.0f} ms; median of {len(late)}, "
                            f"worst {max(late) * 1000:.0f} ms"),
            ]  # fmt: skip
            if idle := asyncio.run(_idle_times(server, server.voice(engine, name), setup.count(6, least=2))):
                figures.append(
                    Figure("cancel", f"{engine}: worker idle again after", middle(idle) * 1000, "ms", at_most=200,
                           note=f"by its health report; median of {len(idle)}, worst {max(idle) * 1000:.0f} ms")
                )  # fmt: skip
    with wyoming_piper(setup) as theirs:
        late, usual = asyncio.run(_times(theirs, PIPER_VOICE, 2))
        figures.append(
            Figure("cancel", "wyoming-piper: next request's delay", middle(late) * 1000, "ms",
                   note=f"usual first audio {usual * 1000:.0f} ms")
        )  # fmt: skip
    return figures


async def _times(server: Server, voice: str, rounds: int) -> tuple[list[float], float]:
    """By how much the same short sentence comes later after clients hung up than before, and when it usually comes."""
    source = sentences(seed=31, length=0)
    for _ in range(3):
        await speak(server.port, next(source), voice)
    usual, late = [], []
    chance = random.Random(3)
    for number in range(rounds):
        text = next(source)
        before = (await speak(server.port, text, voice)).first_audio
        await _hang_up(server, voice, number, chance.uniform(0.03, 0.5))
        after = (await speak(server.port, text, voice, 300)).first_audio
        usual.append(before)
        late.append(after - before)
    return late, middle(usual)


async def _idle_times(server: Server, voice: str, rounds: int) -> list[float]:
    times = []
    chance = random.Random(4)
    for number in range(rounds):
        await _hang_up(server, voice, 100 + number, chance.uniform(0.05, 0.5))
        if (seconds := await asyncio.to_thread(_idle_after, server)) is None:
            return []
        times.append(seconds)
    return times


def _idle_after(server: Server) -> float | None:
    """Seconds until the health report calls no worker busy; None when it does not tell."""
    began = time.perf_counter()
    while busy := _busy(server):
        if time.perf_counter() - began > _PATIENCE:
            raise RuntimeError(f"a worker is still busy {_PATIENCE:.0f} s after its clients hung up")
        time.sleep(0.005)
    return None if busy is None else time.perf_counter() - began


def _busy(server: Server) -> int | None:
    """Segments in work by the health report; None when it does not tell."""
    workers = server.says_about("/health").get("workers")
    if isinstance(workers, dict):
        workers = list(workers.values())
    if not isinstance(workers, list) or not all(isinstance(one, dict) and "busy" in one for one in workers):
        return None
    return sum(int(one["busy"]) for one in workers)


async def _hang_up(server: Server, voice: str, seed: int, after: float) -> None:
    """Ask for long texts and close the connections after a while, whatever has come."""
    clients = [connection(server.port) for _ in range(_CLIENTS)]
    for number, client in enumerate(clients):
        await client.connect()
        await client.write_event(request(long_text(seed * _CLIENTS + number), voice).event())
    await asyncio.sleep(after)
    for client in clients:
        await client.disconnect()
