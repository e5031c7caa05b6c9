"""Jobs outlive the service, however it ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from managed import until

from wyoming_openspeakers.config import load_config
from wyoming_openspeakers.errors import ShuttingDown
from wyoming_openspeakers.history.entry import Entry
from wyoming_openspeakers.history.store import HistoryStore
from wyoming_openspeakers.jobs.jobs import JobRequest

Work = Callable[..., Any]


async def left_behind(data: Path, *entries: Entry) -> None:
    """What a service that was killed left in its history."""
    store = HistoryStore(load_config(flags={"data_dir": str(data)}).history, data)
    await store.start()
    await store.add(*entries)
    await store.stop()


def entry(id: str, **fields: Any) -> Entry:
    known = {"text": "tone", "voice": "fault/plain", "format": "wav", "kind": "job", "created": time.time()}
    return Entry(**{"id": id, "status": "pending", **known, **fields})


@pytest.mark.slow
async def test_an_orderly_stop_loses_nothing_and_counts_for_nothing(work: Work, tmp_path: Path) -> None:
    first = await work(jobs__at_once=1)
    spoken = await first.submit("tone sleep:0.4 tone")
    batch = await first.jobs.submit_batch([JobRequest(f"tone {n}", "fault") for n in range(2)])
    await until(lambda: bool(first.began()))
    await first.stop()
    again = await work(jobs__at_once=1)
    for job in (spoken, *batch):
        done = await again.over(job.id)
        assert (done.status, done.parameters["attempts"]) == ("complete", 1)
    assert again.began() == [job.id for job in (spoken, *batch)]


@pytest.mark.slow
async def test_a_stop_that_is_announced_first_fails_no_job(work: Work) -> None:
    first = await work(jobs__at_once=1)
    entries = [await first.submit(f"tone sleep:0.2 {n}") for n in range(3)]
    await until(lambda: bool(first.began()))
    first.speech.refuse_more()
    await asyncio.sleep(0.5)
    statuses = [(await first.history.get(each.id)).status for each in entries]
    assert statuses == ["complete", "pending", "pending"]
    with pytest.raises(ShuttingDown):
        await first.submit("tone")


async def test_what_was_spoken_when_the_service_was_killed_is_spoken_anew(work: Work, tmp_path: Path) -> None:
    data = tmp_path / "data"
    await left_behind(
        data,
        entry("killed", status="running", parameters={"attempts": 1}),
        entry("waited", text="tone tone"),
        entry("heard", kind="live", status="running"),
    )
    working = await work(jobs__at_once=1)
    done = await working.over("killed")
    assert (done.status, done.parameters["attempts"]) == ("complete", 2)
    assert (await working.over("waited")).status == "complete"
    assert working.began() == ["killed", "waited"]


async def test_what_ends_the_service_again_and_again_is_given_up(work: Work, tmp_path: Path) -> None:
    await left_behind(tmp_path / "data", entry("cursed", status="running", parameters={"attempts": 3}))
    working = await work()
    cursed = await working.history.get("cursed")
    assert (cursed.status, cursed.error) == ("failed", "the service ended 3 times while it was spoken")
    assert cursed.completed is not None
    assert [event.type for event in await working.seen("cursed")] == ["queued", "failed"]
    assert working.began() == []


@pytest.mark.slow
async def test_more_than_may_wait_are_still_taken_up_again(work: Work, tmp_path: Path) -> None:
    await left_behind(tmp_path / "data", *(entry(f"job{n}") for n in range(5)))
    working = await work(jobs__waiting=2)
    assert {(await working.over(f"job{n}")).status for n in range(5)} == {"complete"}


async def test_a_voice_that_has_gone_meanwhile_fails_the_job(work: Work, tmp_path: Path) -> None:
    await left_behind(tmp_path / "data", entry("lost", voice="fault/gone"), entry("mute", text=None))
    working = await work()
    lost, mute = await working.over("lost"), await working.over("mute")
    assert lost.status == "failed" and "fault/gone" in lost.error
    assert mute.status == "failed" and "text" in mute.error
