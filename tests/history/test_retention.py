"""The history stays within its bounds, the oldest going first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from history.conftest import OpenStore
from history.entries import entry

from wyoming_openspeakers.history.entry import Entry, Search
from wyoming_openspeakers.history.store import HistoryStore


async def with_audio(store: HistoryStore, one: Entry, size: int) -> Path:
    """Add an entry, and audio of it."""
    await store.add(one)
    path = store.new_file(one.id, "flac")
    path.write_bytes(b"\0" * size)
    await store.keep(one.id, path)
    return path


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not happened():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def ids(store: HistoryStore) -> list[str]:
    return [one.id for one in (await store.page(Search(page_size=100))).entries]


async def test_the_oldest_entries_go_with_their_audio(open_store: OpenStore) -> None:
    store = await open_store(entries=5)
    some = [entry(text=f"number {number}", created=time.time()) for number in range(12)]
    path = await with_audio(store, some[0], 10)
    await store.add(*some[1:])
    await store.settle()
    assert await ids(store) == [one.id for one in some[:6:-1]]
    assert (await store.page(Search(words="number"))).total == 5
    assert not path.exists()


async def test_what_is_not_spoken_yet_never_goes(open_store: OpenStore) -> None:
    store = await open_store(entries=1, audio_megabytes=0)
    jobs = [entry(kind="job", status="pending"), entry(kind="job", status="running")]
    path = await with_audio(store, jobs[0], 10)
    half = store.new_file(jobs[1].id, "mp3")
    await store.add(jobs[1], entry(), entry())
    await store.settle()
    assert await ids(store) == [jobs[1].id, jobs[0].id]
    assert path.exists()
    assert half.exists()


async def test_audio_goes_by_age_and_its_entry_stays(open_store: OpenStore) -> None:
    store = await open_store(audio_days=2)
    day = 86_400.0
    old, new = entry(created=time.time() - 3 * day), entry(created=time.time() - day)
    old_path, new_path = await with_audio(store, old, 10), await with_audio(store, new, 10)
    await store.settle()
    assert [old_path.exists(), new_path.exists()] == [False, True]
    kept = await store.get(old.id)
    assert (kept.file, kept.bytes) == (None, 0)


async def test_audio_of_any_age_is_kept_where_no_age_is_set(open_store: OpenStore) -> None:
    store = await open_store(audio_days=0)
    path = await with_audio(store, entry(created=0.0), 10)
    await store.settle()
    assert path.exists()


async def test_the_oldest_audio_goes_when_it_is_too_much_in_the_background(open_store: OpenStore) -> None:
    store = await open_store(audio_megabytes=1)
    some = [entry(created=time.time()) for _ in range(5)]
    paths = [await with_audio(store, one, 300_000) for one in some]
    await until(lambda: not paths[1].exists())
    assert [path.exists() for path in paths] == [False, False, True, True, True]
    assert (await store.page(Search())).total == 5


async def test_words_are_indexed_in_the_background(open_store: OpenStore) -> None:
    store = await open_store()
    await store.add(*(entry(text=f"word{number}") for number in range(1500)))
    marked = False
    async with asyncio.timeout(10):
        while not marked:
            marked = await store.behind() == 0
    assert (await store.page(Search(words="word14"))).total == 111
