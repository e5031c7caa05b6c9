"""Jobs from beginning to end."""

from __future__ import annotations

import asyncio
import errno
import threading
import time
import wave
from collections.abc import Callable
from typing import Any

import pytest
from managed import until
from processes import children
from working_jobs import open_files

from wyoming_openspeakers.errors import Busy, Conflict, InvalidRequest, NotFound, ShuttingDown, SpeechError, TextTooLong
from wyoming_openspeakers.events import JobChanged, SpeechEnded
from wyoming_openspeakers.history.entry import Search
from wyoming_openspeakers.jobs.audio_file import AudioFile
from wyoming_openspeakers.jobs.jobs import JobRequest

pytestmark = pytest.mark.slow

Work = Callable[..., Any]


def request(text: str, **how: Any) -> JobRequest:
    return JobRequest(text, "fault", format="wav", **how)


async def test_a_text_is_spoken_into_a_file(work: Work) -> None:
    working = await work()
    entry = await working.submit("tone tone tone.", front="mqtt", client="garden")
    assert (entry.status, entry.kind, entry.voice, entry.format) == ("pending", "job", "fault/plain", "wav")
    done = await working.over(entry.id)
    assert (done.status, done.error) == ("complete", None)
    assert done.seconds == pytest.approx(0.3, abs=0.1)
    path = working.history.file(done)
    assert path is not None and done.bytes == path.stat().st_size
    assert path.stat().st_mode & 0o077 == 0
    with wave.open(str(path)) as audio:
        assert (audio.getframerate(), audio.getnchannels()) == (24000, 1)
        assert audio.getnframes() / 24000 == pytest.approx(done.seconds, abs=0.001)
    (ended,) = [event for event in working.events if isinstance(event, SpeechEnded)]
    assert (ended.job, ended.kind, ended.front, ended.client) == (entry.id, "job", "mqtt", "garden")


async def test_what_is_known_of_one_that_is_over(work: Work) -> None:
    working = await work()
    before = time.time()
    done = await working.over((await working.submit("tone.", speed=1.5, seed=0, parameters={"level": 0.5})).id)
    assert {name: value for name, value in done.parameters.items() if name != "attempts"} == {
        "speed": 1.5,
        "seed": 0,
        "extra": {"level": 0.5},
    }
    assert before <= done.created <= done.started <= done.completed <= time.time()
    assert 0 <= done.queued <= done.first_audio <= done.total < 10
    assert (done.model, done.voice, done.language) == ("fault", "fault/plain", "en-US")


async def test_so_many_run_at_once_the_oldest_first_and_batches_last(work: Work) -> None:
    working = await work(jobs__at_once=1)
    first = await working.submit("sleep:0.2")
    batch = await working.jobs.submit_batch([request("tone one"), request("tone two")])
    later = [await working.submit(f"tone {n}") for n in range(2)]
    assert [working.jobs.position(entry.id) for entry in (first, *batch, *later)] == [None, 2, 3, 0, 1]
    assert {entry.batch for entry in batch} == {batch[0].batch} and [entry.position for entry in batch] == [0, 1]
    for entry in batch:
        await working.over(entry.id)
    assert working.began() == [entry.id for entry in (first, *later, *batch)]


async def test_two_at_once(work: Work) -> None:
    working = await work(jobs__at_once=2)
    entries = [await working.submit(f"tone sleep:0.5 {n}") for n in range(3)]
    await until(lambda: len(working.began()) == 2)
    await asyncio.sleep(0.1)
    statuses = [(await working.history.get(entry.id)).status for entry in entries]
    assert statuses == ["running", "running", "pending"]


async def test_clients_take_turns(work: Work) -> None:
    working = await work(jobs__at_once=1)
    await working.submit("sleep:0.2")
    many = [await working.submit(f"tone {n}", client="many") for n in range(3)]
    other = await working.submit("tone", client="one")
    assert working.jobs.position(other.id) == 1
    assert [working.jobs.position(entry.id) for entry in many] == [0, 2, 3]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tone fail", "headache"),
        pytest.param("tone crash", "fault", marks=pytest.mark.slow),
        pytest.param("tone oom", "memory", marks=pytest.mark.slow),
    ],
)
async def test_what_goes_wrong_is_told(work: Work, text: str, words: str) -> None:
    working = await work()
    failed = await working.over((await working.submit(text)).id)
    assert failed.status == "failed" and words in failed.error
    assert (failed.file, failed.bytes, failed.seconds, working.files()) == (None, 0, None, [])
    assert failed.completed is not None
    assert (await working.over((await working.submit("tone.")).id)).status == "complete"


async def test_a_batch_goes_on_after_a_line_that_failed(work: Work) -> None:
    working = await work()
    batch = await working.jobs.submit_batch([request("tone fail"), request("tone")])
    assert [(await working.over(entry.id)).status for entry in batch] == ["failed", "complete"]
    assert [entry.kind for entry in await working.history.batch(batch[0].batch)] == ["batch", "batch"]


async def test_one_that_waits_is_cancelled(work: Work) -> None:
    working = await work(jobs__at_once=1)
    first = await working.submit("sleep:0.3")
    waiting = await working.submit("tone")
    await working.jobs.cancel(waiting.id)
    assert (await working.history.get(waiting.id)).status == "cancelled"
    assert (await working.over(first.id)).status == "complete"
    assert waiting.id not in working.began()
    told = [e.state for e in working.events if isinstance(e, JobChanged) and e.job == waiting.id]
    assert told == ["queued", "cancelled"]


async def test_one_that_is_spoken_is_cancelled_down_to_the_engine(work: Work) -> None:
    working = await work()
    entry = await working.submit("tone sleep:20 tone")
    await until(lambda: bool(working.began()))
    began = time.monotonic()
    await working.jobs.cancel(entry.id)
    assert time.monotonic() - began < 1
    await until(lambda: all(worker.busy == 0 for worker in working.manager.workers()))
    cancelled = await working.history.get(entry.id)
    assert (cancelled.status, cancelled.file, working.files()) == ("cancelled", None, [])


async def test_one_whose_model_loads_is_cancelled(work: Work) -> None:
    working = await work({"fault": {"parameters": {"load_seconds": 1.0}}})
    entry = await working.submit("tone")
    states = working.events
    await until(lambda: any(isinstance(e, JobChanged) and e.state == "loading" for e in states))
    began = time.monotonic()
    await working.jobs.cancel(entry.id)
    assert time.monotonic() - began < 0.5
    assert (await working.history.get(entry.id)).status == "cancelled"


async def test_one_whose_file_is_being_finished_is_cancelled(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    working = await work()
    is_finishing, finish = threading.Event(), AudioFile._finish

    def slow_finish(file: AudioFile) -> Any:
        is_finishing.set()
        time.sleep(0.3)
        return finish(file)

    monkeypatch.setattr(AudioFile, "_finish", slow_finish)
    entry = await working.submit("tone")
    await until(is_finishing.is_set)
    await working.jobs.cancel(entry.id)
    assert (await working.history.get(entry.id)).status == "cancelled"
    assert working.files() == []


async def test_cancelling_twice_at_once_and_afterwards(work: Work) -> None:
    working = await work()
    entry = await working.submit("tone sleep:20 tone")
    await until(lambda: bool(working.began()))
    await asyncio.gather(*(working.jobs.cancel(entry.id) for _ in range(3)))
    with pytest.raises(Conflict, match="cancelled"):
        await working.jobs.cancel(entry.id)
    with pytest.raises(NotFound):
        await working.jobs.cancel("nothing")


async def test_a_batch_is_cancelled_without_starting_any_more_of_it(work: Work) -> None:
    working = await work(jobs__at_once=2)
    batch = await working.jobs.submit_batch([request(f"tone sleep:20 {n}") for n in range(20)])
    await until(lambda: len(working.began()) == 2)
    await working.jobs.cancel_batch(batch[0].batch)
    assert {entry.status for entry in await working.history.batch(batch[0].batch)} == {"cancelled"}
    assert len(working.began()) == 2
    with pytest.raises(NotFound):
        await working.jobs.cancel_batch("nothing")


async def test_the_line_is_bounded_and_a_batch_is_taken_whole_or_not_at_all(work: Work) -> None:
    working = await work(jobs__at_once=1, jobs__waiting=3)
    await working.submit("sleep:20")
    await working.submit("tone")
    with pytest.raises(Busy, match="waiting already") as refused:
        await working.jobs.submit_batch([request("tone")] * 3)
    assert refused.value.retry_after >= 1
    await working.jobs.submit_batch([request("tone")] * 2)
    with pytest.raises(Busy):
        await working.submit("tone")
    assert (await working.history.page(Search())).total == 4


async def test_many_who_ask_at_once_do_not_overfill_the_line(work: Work) -> None:
    working = await work(jobs__at_once=1, jobs__waiting=5)
    await working.submit("sleep:20")
    results = await asyncio.gather(*(working.submit("tone") for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(result, Busy) for result in results) == 15


async def test_what_is_refused_leaves_nothing(work: Work) -> None:
    working = await work(text__max_characters=100)
    with pytest.raises(TextTooLong):
        await working.submit("tone " * 21)
    with pytest.raises(InvalidRequest, match="from 1 to"):
        await working.jobs.submit_batch([])
    with pytest.raises(InvalidRequest, match="from 1 to 100 lines"):
        await working.jobs.submit_batch([request("tone")] * 101)
    with pytest.raises(InvalidRequest, match="no text"):
        await working.jobs.submit_batch([request("tone"), request(" \n ")])
    assert (await working.history.page(Search())).total == 0


async def test_a_job_without_a_voice_goes_by_its_text(work: Work) -> None:
    working = await work()
    entry = await working.jobs.submit(JobRequest("tone.", format="pcm"))
    assert (entry.model, entry.voice) == (None, None)
    done = await working.over(entry.id)
    assert (done.status, done.model, done.voice) == ("complete", "fault", "fault/plain")


async def test_texts_that_are_not_kept_are_forgotten_when_they_were_spoken(work: Work) -> None:
    working = await work(history__texts=False)
    entry = await working.submit("tone sleep:0.2 tone.")
    assert (await working.history.get(entry.id)).text == "tone sleep:0.2 tone."
    done = await working.over(entry.id)
    assert (done.status, done.text, done.characters) == ("complete", None, 20)


async def test_progress_is_that_of_what_runs(work: Work) -> None:
    working = await work(jobs__at_once=1)
    entry = await working.submit("tone. " * 4 + "sleep:0.5 tone. " + "tone. " * 4)
    waiting = await working.submit("tone")
    await until(lambda: 0 < (working.jobs.progress(entry.id) or 0) < 1)
    assert working.jobs.progress(waiting.id) is None
    await working.over(entry.id)
    assert working.jobs.progress(entry.id) is None


async def test_a_full_disk_fails_the_job(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    working = await work()

    def full(file: AudioFile, pcm: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(AudioFile, "_write", full)
    failed = await working.over((await working.submit("tone sleep:20")).id)
    assert (failed.status, failed.error) == ("failed", "The audio cannot be written: No space left on device")
    assert working.files() == []
    await until(lambda: all(worker.busy == 0 for worker in working.manager.workers()))


async def test_a_history_that_cannot_be_written_holds_up_nobody(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    working = await work(jobs__at_once=1)
    change = working.history.change

    async def broken(id: str, **fields: Any) -> Any:
        if fields["status"] == "failed":
            raise SpeechError("The disk is full")
        return await change(id, **fields)

    monkeypatch.setattr(working.history, "change", broken)
    first, second = await working.submit("tone fail"), await working.submit("tone two")
    assert "disk is full" in (await working.seen(first.id))[-1].data["error"]
    assert (await working.over(second.id)).status == "complete"
    assert (await working.history.get(first.id)).status == "running"


@pytest.mark.slow
async def test_a_text_of_five_thousand_words(work: Work) -> None:
    working = await work()
    text = " ".join(f"Tone {'tone ' * 8}number{n}." for n in range(500))
    entry = await working.submit(text)
    done = await working.over(entry.id)
    assert (done.status, done.error) == ("complete", None)
    assert done.seconds > 500


async def test_a_stop_is_quick_and_leaves_nothing_behind(work: Work) -> None:
    first = await work()
    known = await first.over((await first.submit("tone")).id)
    await first.stop()
    before, descriptors = asyncio.all_tasks(), open_files()
    working = await work(jobs__at_once=2)
    entries = [await working.submit(f"tone sleep:20 {n}") for n in range(20)]
    await until(lambda: len(working.began()) == 2)
    began = time.monotonic()
    await working.jobs.stop()
    assert time.monotonic() - began < 1
    assert [(await working.history.get(entry.id)).status for entry in entries] == ["pending"] * 20
    assert sorted(working.files()) == [working.history.file(known)]
    with pytest.raises(ShuttingDown):
        await working.submit("tone")
    await working.stop()
    assert asyncio.all_tasks() <= before
    assert children() == []
    assert open_files() <= descriptors
