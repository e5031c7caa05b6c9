"""The OpenAI-compatible side: formats, first byte against Wyoming, and crowds."""

from __future__ import annotations

import asyncio
import io
import itertools
import threading
from collections import Counter

import av
from bench import visitors
from bench.client import speak
from bench.http_client import Heard, Rush, rush, rush_result, speech
from bench.results import Figure, middle, percentile
from bench.servers import Server, our_server
from bench.setup import Setup
from bench.texts import long_text, sentences

_FORMATS = ("pcm", "wav", "mp3", "opus", "aac", "flac")
_ROUNDS = 25
_RATE = 24_000
_PHRASE = "The front door is open."
_MANY = 200
_LIVE = 16
_DESCRIBE_EVERY = 0.05
_LOOK_EVERY = 0.02


def measure(setup: Setup) -> list[Figure]:
    """First one client at a time without a cache, then many with one."""
    with our_server(setup) as server:
        asyncio.run(_warm(server))
        figures = asyncio.run(_formats(server)) + asyncio.run(_first_bytes(server, setup.count(_ROUNDS, 3)))
    with our_server(setup, cache=True) as server:
        asyncio.run(_warm(server))
        return figures + _crowds(server, setup)


def _voice(server: Server) -> str:
    return server.voice("hibari", "heart")


async def _warm(server: Server) -> None:
    for text in itertools.islice(sentences(seed=998), 3):
        await speak(server.port, text, _voice(server))
        for audio_format in _FORMATS:
            await speech(server.http_port or 0, text, _voice(server), audio_format)
    await speech(server.http_port or 0, _PHRASE, _voice(server))


async def _formats(server: Server) -> list[Figure]:
    """A long text in every format: its length, and when it began."""
    text = long_text(seed=11, count=10)
    heard: dict[str, Heard] = {}
    for audio_format in _FORMATS:
        heard[audio_format] = await speech(server.http_port or 0, text, _voice(server), audio_format)
        if heard[audio_format].status != 200:
            raise RuntimeError(heard[audio_format].body.decode(errors="replace"))
    seconds = {name: _seconds(one.body, name) for name, one in heard.items()}
    off = {name: abs(length - seconds["pcm"]) * 1000 for name, length in seconds.items()}
    worst = max(off, key=lambda name: off[name])
    # Sentences are spoken one after the other: a body whose first byte is here in half of the time was not waited for.
    early = {name: one.first_byte / one.total for name, one in heard.items()}
    latest = max(early, key=lambda name: early[name])
    return [
        Figure("http", "length of a format against its PCM", off[worst], "ms", at_most=30,
               note=f"the worst, {worst}; {seconds['pcm']:.0f} s of audio"),
        Figure("http", "first byte, as a part of the time to the last", early[latest], at_most=0.5,
               note=f"the latest, {latest}: {heard[latest].first_byte * 1000:.0f} ms "
                    f"of {heard[latest].total * 1000:.0f} ms"),
    ]  # fmt: skip


async def _first_bytes(server: Server, rounds: int) -> list[Figure]:
    """The same new texts over Wyoming and in each format, in an order that goes round."""
    voice, port = _voice(server), server.http_port or 0
    ways = ("wyoming", *_FORMATS)
    times: dict[str, list[float]] = {way: [] for way in ways}
    for number, text in enumerate(itertools.islice(sentences(seed=12, length=1), rounds)):
        turn = number % len(ways)
        for way in ways[turn:] + ways[:turn]:
            if way == "wyoming":
                first = (await speak(server.port, text, voice)).first_audio
            else:
                first = (await speech(port, text, voice, way)).first_byte
            times[way].append(first)
    medians = {way: middle(values) * 1000 for way, values in times.items()}
    later = {way: medians[way] - medians["pcm"] for way in _FORMATS[1:]}
    return [
        Figure("http", "first byte of PCM against first audio over Wyoming", medians["pcm"] / medians["wyoming"],
               at_most=1.1, note=f"{medians['pcm']:.1f} ms against {medians['wyoming']:.1f} ms, {rounds} texts"),
        *(Figure("http", f"first byte of {way} later than that of PCM", delay, "ms", at_most=60)
          for way, delay in later.items()),
    ]  # fmt: skip


def _crowds(server: Server, setup: Setup) -> list[Figure]:
    """Many clients of one phrase and some of new texts at once, three times, and `describe` meanwhile."""
    memory = [server.process.memory_info().rss]
    peak = memory[0]
    rushes: list[Rush] = []
    asking = visitors.describer(server.port, _DESCRIBE_EVERY)
    try:
        for number in range(3):
            with _Watch(server) as watch:
                cached = rush(server.http_port or 0, _voice(server), _MANY, setup.count(6), _PHRASE)
                live = rush(server.http_port or 0, _voice(server), _LIVE, setup.count(6), seed=number)
                rushes += [rush_result(cached), rush_result(live)]
            peak = max(peak, watch.peak)
            memory.append(server.process.memory_info().rss)
    finally:
        described = visitors.describer_result(asking)
    statuses = sum((Counter(one.statuses) for one in rushes), Counter[str]())
    first = [time for one in rushes for time in one.first_byte]
    answers = ", ".join(f"{count} times {status}" for status, count in sorted(statuses.items()))
    megabytes = [round(size / 1e6) for size in memory]
    return [
        Figure("http", "errors but 429 of crowds", statuses.total() - statuses["200"] - statuses["429"], at_most=0,
               note=f"{_MANY} clients of a cached phrase and {_LIVE} of new texts: {answers}"),
        Figure("http", "first byte in a crowd, 95th percentile", percentile(first, 95) * 1000, "ms"),
        Figure("http", "main process grows with crowds, at most", (peak - memory[0]) / 1e6, "MB", at_most=100,
               note=f"to {peak / 1e6:.0f} MB"),
        Figure("http", "main process grows with the third crowd", (memory[3] - memory[2]) / 1e6, "MB", at_most=15,
               note=f"{', '.join(map(str, megabytes))} MB before and after each"),
        Figure("http", "describe meanwhile, 99th percentile", percentile(described, 99) * 1000, "ms", at_most=50,
               note=f"{len(described)} questions"),
    ]  # fmt: skip


class _Watch:
    """Looks at the server's memory, again and again."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.peak = 0

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(_LOOK_EVERY):
            self.peak = max(self.peak, self._server.process.memory_info().rss)


def _seconds(audio: bytes, audio_format: str) -> float:
    if audio_format == "pcm":
        return len(audio) / 2 / _RATE
    with av.open(io.BytesIO(audio), "r") as container:
        frames = sum([frame.samples for frame in container.decode(audio=0)])
        return frames / container.streams.audio[0].codec_context.sample_rate
