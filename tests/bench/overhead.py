"""What the service adds to its default engine: first audio over Wyoming against the engine called directly."""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import replace

from bench.client import speak
from bench.results import Figure, middle, percentile
from bench.servers import Server, our_server
from bench.setup import Setup
from bench.texts import sentences
from hibari import Hibari

_LENGTHS = ("short", "middling", "long")


def measure(setup: Setup) -> list[Figure]:
    """Pair each new sentence's time over the socket with the engine's own time for it, in turns."""
    figures = []
    with our_server(setup, cache=False) as server:
        engine = Hibari()
        pairs: list[tuple[float, float]] = []
        for length, name in enumerate(_LENGTHS):
            taken = asyncio.run(_pairs(server, engine, length, setup.count(30, least=3)))
            pairs += taken
            figures.append(_ratio(f"first audio, {name} sentences: ratio to the engine's own", taken))
        ratio = _ratio("first audio, all sentences: ratio to the engine's own", pairs)
        figures.append(replace(ratio, at_most=1.15))
    with our_server(setup, cache=True) as server:
        again = asyncio.run(_repeated(server, setup.count(40, least=5)))
    figures.append(
        Figure("overhead", "cached phrase, first audio", middle(again) * 1000, "ms", at_most=5,
               note=f"median of {len(again)}; 95th percentile {percentile(again, 95) * 1000:.1f} ms")
    )  # fmt: skip
    return figures


async def _pairs(server: Server, engine: Hibari, length: int, count: int) -> list[tuple[float, float]]:
    source = sentences(seed=7 + length, length=length)
    for text in itertools.islice(source, 3):
        await _over_wyoming(server, text)
        _directly(engine, text)
    pairs = []
    for number, text in enumerate(itertools.islice(source, count)):
        # Both orders in turn: the second of a pair finds the processor's clock and caches warm.
        if number % 2:
            direct = _directly(engine, text)
            served = await _over_wyoming(server, text)
        else:
            served = await _over_wyoming(server, text)
            direct = _directly(engine, text)
        pairs.append((served, direct))
    return pairs


async def _over_wyoming(server: Server, text: str) -> float:
    return (await speak(server.port, text, _voice(server))).first_audio


def _directly(engine: Hibari, text: str) -> float:
    began = time.perf_counter()
    engine.from_ids(engine.ids(engine.phonemize(text)[0]))
    return time.perf_counter() - began


def _voice(server: Server) -> str | None:
    return server.voice("hibari", "heart") if server.is_ours else None


def _ratio(name: str, pairs: list[tuple[float, float]]) -> Figure:
    served, direct = middle(pair[0] for pair in pairs), middle(pair[1] for pair in pairs)
    return Figure("overhead", name, served / direct,
                  note=f"{served * 1000:.1f} ms against {direct * 1000:.1f} ms, medians of {len(pairs)}")  # fmt: skip


async def _repeated(server: Server, count: int) -> list[float]:
    phrases = list(itertools.islice(sentences(seed=11), count))
    for phrase in phrases:
        await speak(server.port, phrase, _voice(server))
    await asyncio.sleep(1.0)  # the cache writes in the background
    return [await _over_wyoming(server, phrase) for phrase in phrases]
