"""Those who watch a job are told all of it, whenever they come and however slow they are."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from managed import until
from working_jobs import open_files

from wyoming_openspeakers.errors import NotFound
from wyoming_openspeakers.jobs.jobs import JobEvent

Work = Callable[..., Any]


def types(events: Sequence[JobEvent]) -> list[str]:
    """What was told, each run of one kind once."""
    told = [event.type for event in events if event.type != "progress"]
    return [type for index, type in enumerate(told) if index == 0 or told[index - 1] != type]


def audio(events: Sequence[JobEvent]) -> bytes:
    return b"".join(event.data["audio"] for event in events if event.type == "audio_chunk")


def kept(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        return bytes(file.readframes(file.getnframes()))


@pytest.mark.slow
async def test_all_of_a_life_is_told(work: Work) -> None:
    working = await work({"fault": {"parameters": {"load_seconds": 0.2}}})
    entry = await working.submit("tone. tone. tone.")
    events = await working.seen(entry.id)
    assert types(events) == ["queued", "loading", "generating", "audio_chunk", "complete"]
    chunks = [event.data for event in events if event.type == "audio_chunk"]
    assert [chunk["index"] for chunk in chunks] == list(range(len(chunks))) and chunks[0]["rate"] == 24000
    offsets = [sum(len(chunk["audio"]) for chunk in chunks[:index]) / 48000 for index in range(len(chunks))]
    assert [chunk["start"] for chunk in chunks] == offsets
    done = await working.history.get(entry.id)
    assert audio(events) == kept(working.history.file(done))
    assert events[-1].data == {"duration": done.seconds, "format": "wav"}
    progress = [event.data for event in events if event.type == "progress"]
    assert [told["progress"] for told in progress] == sorted(told["progress"] for told in progress)
    assert progress[-1] == {"progress": 1.0, "seconds": pytest.approx(done.seconds)}


@pytest.mark.slow
async def test_positions_in_the_line_are_told(work: Work) -> None:
    working = await work(jobs__at_once=1)
    for n in range(3):
        await working.submit(f"sleep:0.1 {n}")
    last = await working.submit("tone")
    events = await working.seen(last.id)
    assert [event.data["position"] for event in events if event.type == "queued"] == [2, 1, 0]


@pytest.mark.slow
async def test_who_comes_late_gets_what_they_missed_and_then_the_rest(work: Work) -> None:
    working = await work()
    entry = await working.submit("tone tone tone. sleep:0.5 tone.")
    early = asyncio.create_task(working.seen(entry.id))
    await until(lambda: entry.id in working.began())
    await asyncio.sleep(0.2)
    late = await working.seen(entry.id)
    afterwards = await working.seen(entry.id)
    assert audio(late) == audio(await early) == audio(afterwards) != b""
    assert types(late) == ["queued", "loading", "generating", "audio_chunk", "complete"]
    assert types(afterwards) == ["queued", "generating", "audio_chunk", "complete"]
    assert late[-1] == afterwards[-1]


@pytest.mark.slow
async def test_who_is_slow_holds_nobody_up_and_misses_nothing(work: Work) -> None:
    working = await work()
    entry = await working.submit("tone " * 60 + "sleep:0.2 tone.")
    got: list[JobEvent] = []
    async with aclosing(working.jobs.watch(entry.id)) as events:
        async for event in events:
            got.append(event)
            if event.type == "audio_chunk" and event.data["index"] == 0:
                done = await working.over(entry.id)
                assert done.status == "complete"
    assert audio(got) == kept(working.history.file(done))
    assert max(len(event.data["audio"]) for event in got if event.type == "audio_chunk") <= 65536


@pytest.mark.parametrize("watched", ["before", "after"])
async def test_failures_and_cancellations_are_told(work: Work, watched: str) -> None:
    working = await work(jobs__at_once=1)
    failing, leaving = await working.submit("tone fail"), await working.submit("tone sleep:20")
    watching = [asyncio.create_task(working.seen(entry.id)) for entry in (failing, leaving)]
    await until(lambda: leaving.id in working.began())
    await working.jobs.cancel(leaving.id)
    told = [await task for task in watching]
    if watched == "after":
        told = [await working.seen(entry.id) for entry in (failing, leaving)]
    assert told[0][-1].type == "failed" and "headache" in told[0][-1].data["error"]
    assert told[1][-1] == JobEvent("cancelled")


async def test_one_that_is_cancelled_while_it_waits(work: Work) -> None:
    working = await work(jobs__at_once=1)
    await working.submit("sleep:20")
    waiting = await working.submit("tone")
    watching = asyncio.create_task(working.seen(waiting.id))
    await asyncio.sleep(0)
    await working.jobs.cancel(waiting.id)
    assert types(await watching) == ["queued", "cancelled"]


@pytest.mark.slow
async def test_audio_that_is_not_kept_any_more_is_not_told(work: Work) -> None:
    working = await work()
    done = await working.over((await working.submit("tone")).id)
    working.history.file(done).unlink()
    assert types(await working.seen(done.id)) == ["queued", "generating", "complete"]


async def test_a_stop_ends_watching(work: Work) -> None:
    working = await work(jobs__at_once=1)
    entries = [await working.submit(f"tone sleep:20 {n}") for n in range(2)]
    told: list[list[JobEvent]] = [[], []]

    async def watch(id: str, events: list[JobEvent]) -> None:
        async for event in working.jobs.watch(id):
            events.append(event)  # noqa: PERF401 - looked at while it grows

    watching = [asyncio.create_task(watch(entry.id, events)) for entry, events in zip(entries, told, strict=True)]
    await until(lambda: bool(audio(told[0])))
    await working.jobs.stop()
    async with asyncio.timeout(1):
        await asyncio.gather(*watching)
    assert [types(events)[-1] for events in told] == ["audio_chunk", "queued"]


async def test_there_is_nothing_to_watch(work: Work) -> None:
    working = await work()
    with pytest.raises(NotFound):
        await working.seen("nothing")


@pytest.mark.slow
async def test_watchers_that_leave_leave_nothing_open(work: Work) -> None:
    working = await work()
    await working.over((await working.submit("tone")).id)
    before = open_files()
    entry = await working.submit("tone sleep:0.3 tone")
    for _ in range(5):
        async with aclosing(working.jobs.watch(entry.id)) as events:
            async for event in events:
                if event.type == "audio_chunk":
                    break
    await working.over(entry.id)
    assert open_files() <= before
