"""Jobs that are sent, watched and cancelled all at once, and a stop in the middle of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest
from working_jobs import open_files

from wyoming_openspeakers.errors import Conflict, ShuttingDown
from wyoming_openspeakers.history.entry import OVER, Search
from wyoming_openspeakers.jobs.jobs import JobRequest

pytestmark = pytest.mark.slow

Work = Callable[..., Any]

TEXTS = ("tone {}", "tone sleep:0.05 tone {}", "tone fail {}", "sleep:0.3 {}", "silent {}")


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_every_job_ends_and_nothing_is_left(work: Work, seed: int) -> None:
    first = await work()
    known = await first.over((await first.submit("tone")).id)
    await first.stop()
    before, descriptors = asyncio.all_tasks(), len(open_files())
    chance = random.Random(seed)
    working = await work(jobs__at_once=3)
    told: dict[str, str] = {}

    async def watch(id: str) -> None:
        async with aclosing(working.jobs.watch(id)) as events:
            async for event in events:
                told[id] = event.type
                if chance.random() < 0.05:
                    del told[id]
                    return

    async def live(n: int) -> None:
        await asyncio.sleep(chance.random())
        texts = [chance.choice(TEXTS).format(n) for _ in range(chance.choice((1, 1, 4)))]
        requests = [JobRequest(text, "fault", client=str(n % 3), format="flac") for text in texts]
        entries = await working.jobs.submit_batch(requests)
        watching = [asyncio.create_task(watch(entry.id)) for entry in entries]
        await asyncio.sleep(chance.random())
        for entry in entries:
            if chance.random() < 0.4:
                try:
                    await working.jobs.cancel(entry.id)
                except Conflict:
                    assert (await working.history.get(entry.id)).status in OVER
        if chance.random() < 0.1:
            await working.jobs.cancel_batch(entries[0].batch)
        await asyncio.gather(*watching)

    lives = [asyncio.create_task(live(n)) for n in range(25)]
    await asyncio.wait(lives, timeout=2.5)
    # A busy machine has not spoken much by then.
    while list(told.values()).count("complete") <= 5 and not all(one.done() for one in lives):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    await working.jobs.stop()
    async with asyncio.timeout(5):
        problems = await asyncio.gather(*lives, return_exceptions=True)
    assert {type(problem) for problem in problems} <= {type(None), ShuttingDown}, problems
    entries = (await working.history.page(Search(kinds=("batch",), page_size=1000))).entries
    assert {entry.status for entry in entries} <= {"pending", *OVER}
    for entry in entries:
        if told.get(entry.id) in OVER:
            assert told[entry.id] == entry.status
    complete = {entry.id for entry in entries if entry.status == "complete"}
    kept = {working.history.file(entry) for entry in entries if entry.file}
    assert len(kept) == len(complete) > 5
    assert set(working.files()) - kept == {first.history.file(known)}
    await working.stop()
    lives.clear()
    assert asyncio.all_tasks() <= before
    assert len(open_files()) <= descriptors
