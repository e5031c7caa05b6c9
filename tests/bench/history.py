"""A history of a million entries: how long any page of any search takes, adding an entry, and deleting many."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from bench.results import Figure, middle, percentile
from bench.setup import Setup
from history.postgresql import PostgreSQL
from pydantic import SecretStr

from wyoming_openspeakers.cli.allocator import give_back_memory
from wyoming_openspeakers.config.tree import HistoryConfig
from wyoming_openspeakers.events import JobKind
from wyoming_openspeakers.history.entry import OVER, Entry, Search
from wyoming_openspeakers.history.store import HistoryStore

_ENTRIES = 1_000_000
_ENTRIES_ON_SERVER = 200_000
"""Enough to see that it keeps up; a million takes minutes to make."""

_AT_ONCE = 10_000
_TIMES = 5
_ADDS = 200
_AIM = 50.0
_BEAT = 0.005
"""Seconds between looks at how late the event loop is."""

_NOW = time.time()
_DAY = 86_400.0

_ROOMS = ("kitchen", "living room", "bedroom", "bathroom", "garage", "garden", "hallway", "cellar", "attic", "office")
_THINGS = (
    "washing machine", "dishwasher", "heating", "front door", "light", "window", "alarm", "thermostat", "doorbell",
    "vacuum cleaner", "dryer", "oven", "water tank", "car charger", "printer", "coffee machine",
)  # fmt: skip
_STATES = ("is done", "was left open", "is switched on", "needs attention", "is offline", "reports an error")
_PEOPLE = ("Anna", "Ben", "Clara", "David", "Emma", "Finn", "Greta", "Ian", "Julia", "Karl", "Lena", "Max", "Nora")
_SHAPES = (
    "The {thing} in the {room} {state} since {hour}:{minute:02}.",
    "{person}, the {thing} {state}.",
    "It is {degrees} degrees in the {room} and {hour} degrees outside.",
    "Good morning {person}! Today {percent} percent chance of rain, the first appointment is at {hour}:{minute:02}.",
    "Reminder for {person}: at {hour}:{minute:02} look after the {thing} in the {room}. It used {degrees} kWh.",
    "Die Waschmaschine im Keller ist seit {percent} Minuten fertig, {person}.",
    "Draußen sind es {degrees} Grad, und das Fenster steht noch offen.",
    "厨房的灯已经打开了{percent}分钟,现在室外温度是{degrees}度。",
)
_MODELS = ("hibari", "kokoro", "piper", "chatterbox", "orpheus", "dia", "bark", "vibevoice")
_KINDS: tuple[JobKind, ...] = ("live", "job", "batch")
_VOICES = tuple(f"{model}/voice{number}" for model in _MODELS for number in range(6))

SEARCHES: dict[str, Search] = {
    "first page": Search(),
    "last page": Search(page=50_000),
    "a page in the middle, large": Search(page=5_000, page_size=100),
    "failed ones": Search(status="failed"),
    "last page of the failed jobs of a model": Search(kinds=("job", "batch"), status="failed", model="dia", page=9),
    "everything but live, one front, deep": Search(kinds=("job", "batch"), front="http", page=3_000),
    "all filters": Search(kinds=("live",), status="complete", model="piper", voice="piper/voice3", front="mqtt"),
    "a voice of eight entries": Search(voice="rare/voice"),
    "a voice that there is not": Search(voice="no/voice", status="complete"),
    "one letter": Search(words="e"),
    "one letter, deep": Search(words="e", page=40_000),
    "two letters": Search(words="th"),
    "a very common word": Search(words="the"),
    "a common long word, deep": Search(words="degrees", page=5_000),
    "several common words": Search(words="the machine kitchen since open"),
    "common words that never meet": Search(words="reminder waschmaschine"),
    "a rare word": Search(words="zanzibar"),
    "a word that there is not": Search(words="quetzalcoatl"),
    "a word whose parts are common": Search(words="thereathemin"),
    "a whole sentence": Search(words="The washing machine in the living room was left open since 17:42."),
    "part of a word": Search(words="wasch"),
    "Chinese": Search(words="室外温度"),
    "a common word, all filters": Search(
        kinds=("live",), words="machine", status="failed", model="bark", voice="bark/voice1", front="mqtt"
    ),
    "a common word, failed, deep": Search(words="the", status="failed", page=100),
    "since a month ago, deep": Search(since=_NOW - 30 * _DAY, page=1_500),
    "all but the last month, deep": Search(until=_NOW - 30 * _DAY, page=2_000),
    "a day": Search(since=_NOW - 100.5 * _DAY, until=_NOW - 99.5 * _DAY),
    "from one day to another, a common word": Search(since=_NOW - 130 * _DAY, until=_NOW - 10 * _DAY, words="the"),
    "from one day to another, all filters": Search(
        since=_NOW - 130 * _DAY, until=_NOW - 10 * _DAY, kinds=("live",), status="complete", model="piper",
        voice="piper/voice3", front="mqtt", words="machine",
    ),
}

DELETIONS: dict[str, Search] = {
    "the failed ones": Search(status="failed"),
    "those with a word": Search(words="dishwasher"),
    "what is older than 70 days": Search(until=_NOW - 70 * _DAY),
}


def measure(setup: Setup) -> list[Figure]:
    """Fill databases, and look things up."""
    figures = asyncio.run(_measure("SQLite", "", setup.folder, setup.count(_ENTRIES, least=1000)))
    if programs := PostgreSQL.programs():
        server = PostgreSQL(programs)
        try:
            url, entries = server.new_database(), setup.count(_ENTRIES_ON_SERVER, least=1000)
            figures += asyncio.run(_measure("PostgreSQL", url, setup.folder / "postgresql", entries))
        finally:
            server.remove()
    return figures


async def _measure(name: str, url: str, folder: Path, entries: int) -> list[Figure]:
    store = HistoryStore(HistoryConfig(database=SecretStr(url), entries=2 * _ENTRIES), folder)
    await store.start()
    try:
        filled = await _fill(store, entries)
        # As the service does: a collection of all that was imported would be taken for the history's.
        give_back_memory()
        pages = {title: await _page_times(store, search) for title, search in SEARCHES.items()}
        adds, beside = await _add(store)
        deletions = {title: await _delete(store, search) for title, search in DELETIONS.items()}
    finally:
        await store.stop()
    every = [took for times in pages.values() for took in times]
    worst = max(pages, key=lambda title: max(pages[title]))
    for title, times in pages.items():
        print(f"  {name}: {title}: {middle(times):.1f} ms, at most {max(times):.1f} ms")
    removed, seconds = (sum(each[part] for each in deletions.values()) for part in (0, 1))
    for title, (number, took, late, waits) in deletions.items():
        print(f"  {name}: deleting {title}: {number:,} in {took:.1f} s, loop late by {late:.0f} ms, adds {waits:.0f}")
    size = f", {(folder / 'history.db').stat().st_size / 1e6:.0f} MB" if not url else ""
    return [
        Figure("history", f"{name}: a page, median", middle(every), "ms", at_most=_AIM,
               note=f"{len(SEARCHES)} listings and searches among {entries:,} entries, {_TIMES} times each{size}"),
        Figure("history", f"{name}: a page, the slowest", max(every), "ms", at_most=_AIM, note=worst),
        Figure("history", f"{name}: adding an entry, median", middle(adds), "ms",
               note=f"the slowest of {len(adds)}: {max(adds):.1f} ms"),
        Figure("history", f"{name}: a page while entries are added, 95 %", percentile(beside, 95), "ms", at_most=_AIM,
               note=f"the slowest of {len(beside)}: {max(beside):.1f} ms"),
        Figure("history", f"{name}: deleting many", removed / seconds, "/s",
               note=f"{removed:,} entries by a state, a word, a time; meanwhile an entry was added within "
               f"{max(each[3] for each in deletions.values()):.0f} ms"),
        Figure("history", f"{name}: deleting many holds the event loop, at most",
               max(each[2] for each in deletions.values()), "ms", at_most=_AIM),
        Figure("history", f"{name}: making the history", filled, "s", note=f"{entries / filled:,.0f} entries a second"),
    ]  # fmt: skip


async def _fill(store: HistoryStore, how_many: int) -> float:
    began = time.perf_counter()
    some: list[Entry] = []
    for entry in made_up(how_many):
        some.append(entry)
        if len(some) == _AT_ONCE:
            await store.add(*some)
            some = []
    await store.add(*some)
    await store.settle()
    return time.perf_counter() - began


async def _page_times(store: HistoryStore, search: Search) -> list[float]:
    times = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        await store.page(search)
        times.append((time.perf_counter() - began) * 1000)
    return times


async def _add(store: HistoryStore) -> tuple[list[float], list[float]]:
    """Add entries one by one, and look at pages all the time."""
    adds: list[float] = []
    beside: list[float] = []

    async def add() -> None:
        for entry in made_up(_ADDS, seed=2):
            began = time.perf_counter()
            await store.add(entry)
            adds.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.01)

    adding = asyncio.create_task(add())
    while not adding.done():
        for search in SEARCHES.values():
            began = time.perf_counter()
            await store.page(search)
            beside.append((time.perf_counter() - began) * 1000)
    await adding
    return adds, beside


async def _delete(store: HistoryStore, search: Search) -> tuple[int, float, float, float]:
    """How many went in how many seconds; how late the event loop was, and adding an entry, in milliseconds at most."""
    late: list[float] = [0.0]
    adds: list[float] = [0.0]

    async def beat() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(_BEAT)
            late.append((time.perf_counter() - began - _BEAT) * 1000)

    async def add() -> None:
        for entry in made_up(1_000_000, seed=time.perf_counter_ns()):
            began = time.perf_counter()
            await store.add(entry)
            adds.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.1)

    beside = [asyncio.create_task(work()) for work in (beat, add)]
    began = time.perf_counter()
    removed = await store.delete_found(search)
    took = time.perf_counter() - began
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    return removed, took, max(late), max(adds)


def made_up(how_many: int, seed: int = 1) -> Iterator[Entry]:
    """What a talkative house says, the oldest first."""
    chance = random.Random(seed)
    pick, now = chance.choice, time.time()
    for number in range(how_many):
        text = pick(_SHAPES).format(
            thing=pick(_THINGS), room=pick(_ROOMS), state=pick(_STATES), person=pick(_PEOPLE),
            hour=chance.randrange(24), minute=chance.randrange(60),
            degrees=chance.randrange(1000) / 10, percent=chance.randrange(100),
        )  # fmt: skip
        if number % 125_000 == 99:
            text += " Greetings from Zanzibar."
        voice = "rare/voice" if number % 125_000 == 7 else pick(_VOICES)
        kind: JobKind = chance.choices(_KINDS, (85, 10, 5))[0]
        yield Entry(
            id=UUID(int=chance.getrandbits(128)).hex,
            kind=kind,
            status=chance.choices(OVER, (95, 3, 2))[0],
            created=now - (how_many - number) * 60.0,
            front="http" if kind != "live" else pick(("wyoming", "wyoming", "http", "mqtt")),
            client="http/192.168.1.20/50022",
            text=text,
            characters=len(text),
            model=voice.partition("/")[0],
            voice=voice,
            language="en",
            completed=now,
            first_audio=0.08,
            total=0.9,
            seconds=3.2,
        )
