"""Entries are found by when they were made, whatever the order in which they were noted."""

from __future__ import annotations

import random

import pytest
from history.conftest import ON_SQLITE, OpenStore
from history.entries import entry
from sqlalchemy import text

from wyoming_openspeakers.history.bitmaps import CHUNK
from wyoming_openspeakers.history.entry import Search
from wyoming_openspeakers.history.store import HistoryStore

DAY = 86_400.0


async def listed(store: HistoryStore, **search: float | str | None) -> list[str]:
    return [one.id for one in (await store.page(Search(page_size=100, **search))).entries]  # type: ignore[arg-type]


async def start_at(store: HistoryStore, number: int) -> None:
    await store._database.write(lambda connection: connection.execute(
        text("INSERT INTO state (name, value) VALUES ('next', :number)"), {"number": str(number)}
    ))  # fmt: skip


async def test_from_a_moment_on_and_before_another(store: HistoryStore) -> None:
    some = [entry(created=at * DAY, text=f"day {at}") for at in range(5)]
    await store.add(*some)
    ids = [one.id for one in some]
    assert await listed(store, since=2 * DAY) == ids[:1:-1]
    assert await listed(store, until=2 * DAY) == ids[1::-1]
    assert await listed(store, since=DAY, until=3 * DAY) == [ids[2], ids[1]]
    assert await listed(store, since=DAY, until=3 * DAY, words="2") == [ids[2]]
    assert await listed(store, since=9 * DAY) == await listed(store, until=0.0) == []
    assert await listed(store, since=3 * DAY, until=2 * DAY) == []


async def test_total_and_pages_are_of_the_time(store: HistoryStore) -> None:
    await store.add(*(entry(created=float(at)) for at in range(50)))
    page = await store.page(Search(since=10.0, until=40.0, page=2, page_size=20))
    assert page.total == 30
    assert [one.created for one in page.entries] == [float(at) for at in range(19, 9, -1)]


@pytest.mark.parametrize("seed", range(4))
async def test_a_clock_that_is_set_back_and_forth_is_no_matter(store: HistoryStore, seed: int) -> None:
    chance = random.Random(seed)
    await start_at(store, 2 * CHUNK - 60)
    some = [entry(created=float(at if chance.random() < 0.7 else chance.randrange(200))) for at in range(150)]
    await store.add(*some)
    await store.delete(*(one.id for one in some[::7]))
    there = [one for at, one in enumerate(some) if at % 7]
    for _ in range(20):
        since, until = float(chance.randrange(-5, 200)), float(chance.randrange(-5, 205))
        meant = [one.id for one in reversed(there) if since <= one.created < until]
        page = await store.page(Search(since=since, until=until, page_size=100))
        assert page.total == len(meant)
        assert [one.id for one in page.entries] == meant[:100]


async def test_a_batch_is_searched_by_time_too(store: HistoryStore) -> None:
    some = [entry(kind="batch", batch="b", position=at, created=float(at)) for at in range(4)]
    await store.add(*some, entry(created=2.0))
    assert await listed(store, batch="b", since=1.0, until=3.0) == [some[2].id, some[1].id]


async def test_only_those_of_some_ids(store: HistoryStore) -> None:
    some = [entry(created=float(at)) for at in range(4)]
    await store.add(*some)
    page = await store.page(Search(ids=[some[0].id, some[3].id, "nobody"], until=3.0))
    assert ([one.id for one in page.entries], page.total) == ([some[0].id], 1)


# The plan of PostgreSQL depends on what there is.
@ON_SQLITE
async def test_an_index_serves_it(open_store: OpenStore) -> None:
    store = await open_store()
    from wyoming_openspeakers.history import dates

    for statement in (dates._SPANS, dates._ENDS, dates._OTHERS):
        plan = await store._database.read(lambda connection, statement: connection.execute(
            text(f"EXPLAIN QUERY PLAN {statement.text}"),
            {"chunk": 0, "first": 0, "last": 9, "since": 1.0, "until": 2.0},
        ).all(), statement)  # fmt: skip
        steps = [step.detail for step in plan if "entries" in step.detail]
        assert steps and all("USING COVERING INDEX entries_created (<expr>=?" in step for step in steps), steps
