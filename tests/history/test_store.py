"""Entries are kept, changed, found again and removed, on either database."""

from __future__ import annotations

import asyncio
import random
import stat
import threading
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import get_args

import pytest
from history.conftest import ON_SQLITE, OpenStore
from history.entries import entry
from sqlalchemy import Connection

from wyoming_openspeakers.errors import Conflict, NotFound
from wyoming_openspeakers.events import JobKind
from wyoming_openspeakers.history import index, marks, rows
from wyoming_openspeakers.history.bitmaps import CHUNK
from wyoming_openspeakers.history.entry import Entry, Search, Status
from wyoming_openspeakers.history.store import HistoryStore
from wyoming_openspeakers.history.words import holds, split


async def listed(store: HistoryStore, search: Search | None = None) -> list[str]:
    return [found.id for found in (await store.page(search or Search())).entries]


async def test_an_entry_comes_back_as_it_was_kept(store: HistoryStore) -> None:
    first = Entry(
        id="a1", kind="batch", status="failed", created=1_700_000_000.123456, front="http", client="http/10.0.0.1/5",
        text="Grüße 🧺 洗衣机", characters=12, model="m", voice="m/v", profile="p1", language="de-DE",
        parameters={"speed": 1.5, "extra": {"seed": None, "tags": ["ü"]}}, batch="b1", position=3, started=1.25,
        completed=2.5, queued=0.1, first_audio=0.2, total=0.3, seconds=4.5, error="It’s broken", format="mp3",
    )  # fmt: skip
    second = entry()
    await store.add(first, second)
    assert await store.get("a1") == first
    assert await store.get(second.id) == second
    assert (await store.page(Search())).entries == (second, first)


async def test_an_entry_is_there_after_a_restart(open_store: OpenStore) -> None:
    store = await open_store()
    kept = entry(text="Good morning")
    await store.add(kept)
    await store.stop()
    again = await open_store()
    assert await again.get(kept.id) == kept
    assert await listed(again, Search(words="morn")) == [kept.id]


async def test_what_is_not_there_is_not_found(store: HistoryStore) -> None:
    for attempt in (store.get("no"), store.change("no", status="failed"), store.batch("no")):
        with pytest.raises(NotFound):
            await attempt
    await store.delete("no")


async def test_an_id_is_taken_once_and_all_or_none_are_added(store: HistoryStore) -> None:
    kept = entry()
    await store.add(kept)
    with pytest.raises(Conflict):
        await store.add(entry(id="new"), kept)
    assert await listed(store) == [kept.id]
    assert (await store.page(Search())).total == 1


async def test_a_change_is_seen_in_every_list(store: HistoryStore) -> None:
    job = entry(kind="job", status="pending", text="Read this")
    await store.add(job)
    await store.settle()
    changed = await store.change(job.id, status="complete", model="m", voice="m/v", text="Read that", seconds=2.0)
    assert changed == replace(job, status="complete", model="m", voice="m/v", text="Read that", seconds=2.0)
    assert await store.get(job.id) == changed
    for search in (Search(status="pending"), Search(words="this"), Search(words="thi")):
        assert await store.page(search) == (await store.page(Search(status="running")))
    for search in (Search(status="complete"), Search(model="m"), Search(voice="m/v"), Search(words="that")):
        assert await listed(store, search) == [job.id]


async def test_a_batch_is_told_by_position(store: HistoryStore) -> None:
    lines = [entry(kind="batch", batch="b", position=at, text=f"line {at}") for at in (2, 0, 1)]
    await store.add(*lines, entry(kind="batch", batch="other"))
    assert [line.position for line in await store.batch("b")] == [0, 1, 2]
    assert await listed(store, Search(batch="b", words="LINE", status="complete")) == [line.id for line in lines[::-1]]
    page = await store.page(Search(batch="b", page=2, page_size=2))
    assert ([line.id for line in page.entries], page.total) == ([lines[0].id], 3)
    assert await listed(store, Search(batch="b", kinds=("job",))) == []


async def test_the_unfinished_are_told_oldest_first(store: HistoryStore) -> None:
    statuses: Sequence[Status] = ("running", "complete", "pending", "failed", "pending", "cancelled")
    jobs = [entry(kind="job", status=status) for status in statuses]
    await store.add(*jobs)
    assert [job.id for job in await store.unfinished()] == [jobs[0].id, jobs[2].id, jobs[4].id]


async def test_pages_are_complete_and_in_order(store: HistoryStore) -> None:
    some = [entry() for _ in range(45)]
    await store.add(*some)
    pages = [await store.page(Search(page=page)) for page in (1, 2, 3, 4)]
    assert [len(page.entries) for page in pages] == [20, 20, 5, 0]
    assert [found.id for page in pages for found in page.entries] == [one.id for one in some[::-1]]
    assert all(page.total == 45 and page.is_total_exact for page in pages)


@pytest.mark.slow
async def test_any_filters_find_what_a_look_at_each_entry_finds(store: HistoryStore) -> None:
    chance = random.Random(5)
    words = (
        "Kitchen",
        "kitchens",
        "kit",
        "straße",
        "STRASSE",
        "灯已经",
        "éclair",
        "e\u0301clair",
        "a b",
        "21.5",
        "ﬁne",
    )
    await _start_at(store, CHUNK - 100)
    kept: list[Entry] = []
    for _ in range(10):
        some = [
            entry(
                kind=chance.choice(get_args(JobKind)), status=chance.choice(get_args(Status)),
                model=chance.choice(["m", "n", None]), voice=chance.choice(["m/v", "n/w"]), front=chance.choice("xy"),
                profile=chance.choice([None, "p"]),
                text=chance.choice([None, " ".join(chance.choices(words, k=3))]),
            )
            for _ in range(30)
        ]  # fmt: skip
        await store.add(*some)
        kept += some
        if chance.random() < 0.5:
            await store.settle()
        gone = chance.sample(kept, 5)
        await store.delete(*(one.id for one in gone))
        kept = [one for one in kept if one not in gone]
        changed = kept.pop()
        kept.append(await store.change(changed.id, status="failed", text="kitsch"))

    no_status: Status | None = None
    kinds_to_find: list[tuple[JobKind, ...]] = [(), ("live",), ("job", "batch")]
    searches = (
        Search(kinds=kinds, status=status, model=model, front=front, words=sought, page_size=1000)
        for kinds, status, model, front, sought in product(
            kinds_to_find, [no_status, "failed"], [None, "n"], [None, "x"],
            [None, "kit", "KITCHEN", "it", "ß", "éclair", "经", "灯已经", "kit 1.5", "kitschen", "fin", " ", "zz"],
        )
    )  # fmt: skip
    for search in searches:
        right = [one.id for one in kept[::-1] if _fits(one, search)]
        page = await store.page(search)
        assert [one.id for one in page.entries] == right, search
        assert (page.total, page.is_total_exact) == (len(right), True), search
        middle = replace(search, page=2, page_size=7)
        assert await listed(store, middle) == right[7:14], middle
    assert await listed(store, Search(profile="p", page_size=1000)) == [one.id for one in kept[::-1] if one.profile]


def _fits(one: Entry, search: Search) -> bool:
    return (
        (not search.kinds or one.kind in search.kinds)
        and search.status in (None, one.status)
        and search.model in (None, one.model)
        and search.front in (None, one.front)
        and (not (search.words or "").strip() or (one.text is not None and holds(one.text, split(search.words or ""))))
    )


async def _start_at(store: HistoryStore, number: int) -> None:
    """Let the next entry have this number, as if there had been so many."""
    await store._database.write(index.take_numbers, number)
    await store.settle()


async def test_a_word_whose_parts_are_all_there_is_not_found(store: HistoryStore) -> None:
    false, true = entry(text="anab banan"), entry(text="my banana")
    await store.add(false, true)
    await store.settle()
    page = await store.page(Search(words="banana"))
    assert ([one.id for one in page.entries], page.total, page.is_total_exact) == ([true.id], 1, True)


async def test_a_total_that_was_not_counted_one_by_one_says_so(
    store: HistoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wyoming_openspeakers.history.pages._LOOK_INTO", 10)
    some = [entry(text="bananas" if at % 2 else "anab banan") for at in range(40)]
    await store.add(*some)
    await store.settle()
    page = await store.page(Search(words="banana", page_size=100))
    right = [one.id for one in some[::-1] if one.text == "bananas"]
    assert [one.id for one in page.entries] == right
    assert not page.is_total_exact
    found = [
        one for number in range(1, 10) for one in await listed(store, Search(words="banana", page=number, page_size=5))
    ]
    assert found == right


async def test_texts_that_a_database_refuses_are_kept_without_what_it_refuses(store: HistoryStore) -> None:
    await store.add(odd := entry(text="nul \0 and half \ud83e", client="\0"))
    assert (await store.get(odd.id)).text == "nul  and half ?"
    for odd_name in ("\0", "x\ud83e"):
        odd_search = Search(words=odd_name, model=odd_name, voice=odd_name, front=odd_name)
        assert await listed(store, odd_search) == await listed(store, replace(odd_search, batch=odd_name)) == []
        with pytest.raises(NotFound):
            await store.get(odd_name)


async def test_audio_is_private_and_goes_with_its_entry(store: HistoryStore) -> None:
    job = entry(kind="job")
    await store.add(job)
    assert store.file(job) is None
    path = store.new_file(job.id, "mp3")
    path.write_bytes(b"audio")
    beside = path.with_suffix(".words.json")
    beside.write_text("[]")
    await store.keep(job.id, path)
    kept = await store.get(job.id)
    assert (kept.format, kept.bytes, store.file(kept)) == ("mp3", 5, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in list(path.parents)[:3]} == {0o700}
    assert job.id not in str(path)

    await store.delete(job.id)
    assert not path.exists()
    assert not beside.exists()


async def test_new_audio_takes_the_place_of_old(store: HistoryStore) -> None:
    job = entry(kind="job")
    await store.add(job)
    paths = [store.new_file(job.id, "wav") for _ in range(2)]
    for path in paths:
        await store.keep(job.id, path)
    assert [path.exists() for path in paths] == [False, True]
    await store.change(job.id, file=None, bytes=0)
    assert not paths[1].exists()


async def test_audio_of_an_entry_that_went_is_not_left_behind(store: HistoryStore) -> None:
    path = store.new_file("gone", "flac")
    with pytest.raises(NotFound):
        await store.keep("gone", path)
    assert not path.exists()


async def test_audio_that_somebody_removed_is_not_offered(store: HistoryStore) -> None:
    await store.add(one := entry())
    path = store.new_file(one.id, "flac")
    await store.keep(one.id, path)
    path.unlink()
    assert store.file(await store.get(one.id)) is None


async def test_what_a_killed_service_was_writing_is_removed_at_the_next_start(open_store: OpenStore) -> None:
    store = await open_store()
    await store.add(one := entry())
    whole, half = store.new_file(one.id, "flac"), store.new_file("half", "flac")
    beside = half.with_suffix(".tape")
    beside.touch()
    await store.keep(one.id, whole)
    await store.stop()
    await open_store()
    assert [path.exists() for path in (whole, half, beside)] == [True, False, False]


async def test_clearing_removes_what_was_live(store: HistoryStore) -> None:
    job, live = entry(kind="job", text="stay"), [entry(text="go away") for _ in range(20)]
    await store.add(*live[:10], job, *live[10:])
    path = store.new_file(live[0].id, "flac")
    await store.keep(live[0].id, path)
    await store.settle()
    assert await store.delete_found(Search(kinds=("live",))) == 20
    assert await listed(store) == [job.id]
    assert await listed(store, Search(words="away")) == []
    assert not path.exists()
    assert await store.delete_found(Search(kinds=("live",))) == 0


async def test_many_that_go_at_once_are_in_no_list_any_more(
    store: HistoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wyoming_openspeakers.history.rows._MANY", 20)
    await _start_at(store, CHUNK - 30)
    some = [entry(kind="job" if at % 3 else "live", text=f"window {at}", model=f"m{at % 2}") for at in range(90)]
    await store.add(*some)
    await store.settle()
    assert await store.delete_found(Search(kinds=("live",))) == 30
    stay = [one for one in some[::-1] if one.kind == "job"]
    for search in (Search(page_size=100), Search(words="win", page_size=100), Search(words="window", page_size=100)):
        page = await store.page(search)
        assert ([one.id for one in page.entries], page.total) == ([one.id for one in stay], 60)
    assert (await store.page(Search(kinds=("live",)))).total == 0
    assert (await store.page(Search(model="m0"))).total == 30
    await store.delete(*(one.id for one in stay))
    assert await store._database.read(marks.chunks) == range(0)


async def test_texts_are_not_kept_where_they_are_not_wanted(open_store: OpenStore) -> None:
    store = await open_store(texts=False)
    live, job = entry(text="a secret"), entry(kind="job", status="pending", text="to be read")
    await store.add(live, job)
    await store.settle()
    assert (await store.get(live.id)).text is None
    assert [waiting.text for waiting in await store.unfinished()] == ["to be read"]
    assert (await store.change(job.id, status="running")).text == "to be read"
    assert (await store.change(job.id, status="complete", seconds=1.0)).text is None
    assert await listed(store, Search(words="read")) == []


@ON_SQLITE
async def test_nothing_is_left_of_what_is_deleted(open_store: OpenStore, tmp_path: Path) -> None:
    store = await open_store()
    private = "Schlafzimmerfensterschlüssel"
    others = [entry(text=f"The window number {at} is open") for at in range(200)]
    await store.add(*others[:100], doomed := entry(text=f"The {private} is here", client="http/doomed"), *others[100:])
    await store.settle()
    assert _traces(tmp_path, private, "http/doomed") > 0
    assert _traces(tmp_path, "~üss") > 0
    await store.delete(doomed.id)
    assert _traces(tmp_path, private, "http/doomed", doomed.id) == 0
    assert _traces(tmp_path, "~üss") == 0
    assert (await store.page(Search(words="window"))).total == 200


@pytest.mark.slow
@ON_SQLITE
async def test_what_a_reader_still_sees_is_gone_when_it_is_done(open_store: OpenStore, tmp_path: Path) -> None:
    store = await open_store()
    await store.add(doomed := entry(text="Schlafzimmer"))
    done = threading.Event()

    def look(connection: Connection) -> None:
        rows.get(connection, doomed.id)
        done.wait(10)

    looking = asyncio.create_task(store._database.read(look))
    await asyncio.sleep(0.05)
    await store.delete(doomed.id)
    assert _traces(tmp_path, "Schlafzimmer") > 0
    done.set()
    await looking
    async with asyncio.timeout(10):
        while _traces(tmp_path, "Schlafzimmer"):
            await store.page(Search())


def _traces(folder: Path, *words: str) -> int:
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return sum(content.count(word.encode()) for word in words)


def _modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.glob("history.db*")}


@ON_SQLITE
async def test_the_files_are_private(open_store: OpenStore, tmp_path: Path) -> None:
    store = await open_store()
    await store.add(entry(text="x"))
    assert _modes(tmp_path) == {"history.db": 0o600, "history.db-wal": 0o600, "history.db-shm": 0o600}
