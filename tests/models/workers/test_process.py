"""One worker process seen from the service, with workers that misbehave in ways that real ones seldom do."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest
from processes import children as left_behind

from wyoming_openspeakers.engines.base import ModelSpec
from wyoming_openspeakers.errors import (
    ModelUnavailable,
    OutOfMemory,
    RemoteFailed,
    RemoteUnreachable,
    SynthesisFailed,
    Timeout,
    UnknownVoice,
)
from wyoming_openspeakers.models.workers.process import SpeakLimits, WorkerGone, WorkerProcess
from wyoming_openspeakers.worker.protocol import Speak

pytestmark = pytest.mark.slow

FAULT = ModelSpec("fault", "faults.engine")
LIMITS = SpeakLimits(first_audio=5, audio_gap=5, cancel=1)

Begin = Callable[..., Awaitable[WorkerProcess]]

ANSWERS = """
import os, socket, sys
from wyoming.event import Event, read_event, write_event

line = socket.socket(fileno=int(sys.argv[3]))
reader, writer = line.makefile("rb"), line.makefile("wb")
while event := read_event(reader):
    if event.type == "load":
        write_event(Event("loaded", {"id": event.data["id"]}), writer)
    elif event.type == "speak":
        code = event.data["text"]
        write_event(Event("error", {"id": event.data["id"], "code": code, "text": "what is wrong"}), writer)
"""
"""A worker that answers every segment with an error of the code that is its text."""

HANGS_UP = "import os, sys, time; os.close(int(sys.argv[3])); time.sleep(60)"
SAYS_NONSENSE = "import os, sys, time; os.write(int(sys.argv[3]), b'nonsense\\n'); time.sleep(60)"


def speak(text: str) -> Speak:
    return Speak(0, "fault", text, "plain")


async def seconds(process: WorkerProcess, text: str, limits: SpeakLimits = LIMITS) -> float:
    """Speak, and tell how much audio came."""
    async with aclosing(process.speak(speak(text), limits)) as chunks:
        return sum([len(audio.samples) / audio.rate async for audio in chunks])


@pytest.fixture
async def begin(tmp_path: Path) -> AsyncIterator[Begin]:
    """Start a process: the real worker, a script in its place, or the worker under a script of the shell."""
    processes: list[WorkerProcess] = []

    async def start(script: str = "", shell: str = "") -> WorkerProcess:
        python = sys.executable
        if script or shell:
            program = tmp_path / "python"
            program.write_text(f"#!{sys.executable}\n{script}" if script else f"#!/bin/sh\n{shell}\n")
            program.chmod(0o755)
            python = str(program)
        exits: list[str] = []
        process = WorkerProcess("worker", lambda _, reason: exits.append(reason), python)
        process.exits = exits  # type: ignore[attr-defined]
        await process.start()
        processes.append(process)
        return process

    yield start
    for process in processes:
        await process.stop()
        assert not psutil.pid_exists(process.pid)


def exits(process: WorkerProcess) -> list[str]:
    """Why it ended, as often as that was told."""
    told: list[str] = process.exits  # type: ignore[attr-defined]
    return told


async def test_load_speak_stop(begin: Begin) -> None:
    process = await begin()
    await process.load(FAULT, "cpu")
    assert await asyncio.gather(*(seconds(process, "tone " * count) for count in (1, 2, 3))) == pytest.approx(
        [0.1, 0.2, 0.3]
    )
    assert process.busy == 0
    await process.stop()
    assert (exits(process), process.exited.is_set()) == (["stopped"], True)


async def test_what_is_not_loaded_cannot_speak(begin: Begin) -> None:
    process = await begin()
    with pytest.raises(SynthesisFailed, match="fault is not loaded"):
        await seconds(process, "tone")
    await process.load(FAULT, "cpu")
    await process.unload("fault")
    with pytest.raises(SynthesisFailed, match="fault is not loaded"):
        await seconds(process, "tone")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("unknown_voice", UnknownVoice),
        ("model_missing", ModelUnavailable),
        ("package_missing", ModelUnavailable),
        ("out_of_memory", OutOfMemory),
        ("remote_unreachable", RemoteUnreachable),
        ("remote_failed", RemoteFailed),
        ("engine_failed", SynthesisFailed),
        ("never heard of", SynthesisFailed),
    ],
)
async def test_codes_become_errors(begin: Begin, code: str, error: type[Exception]) -> None:
    process = await begin(ANSWERS)
    await process.load(FAULT, "cpu")
    with pytest.raises(error, match="what is wrong"):
        await seconds(process, code)


async def test_a_failure_of_the_engine_costs_one_segment(begin: Begin) -> None:
    process = await begin()
    await process.load(FAULT, "cpu")
    with pytest.raises(SynthesisFailed, match="headache"):
        await seconds(process, "tone fail")
    assert await seconds(process, "tone") == pytest.approx(0.1)
    assert process.busy == 0


@pytest.mark.parametrize(("text", "began"), [("crash", False), ("tone crash", True)])
async def test_an_end_while_it_spoke(begin: Begin, text: str, began: bool) -> None:
    process = await begin()
    await process.load(FAULT, "cpu")
    with pytest.raises(WorkerGone) as caught:
        await seconds(process, text)
    assert caught.value.began is began
    assert exits(process) == ["exit status 3"]
    with pytest.raises(WorkerGone, match="has ended"):
        await seconds(process, "tone")
    with pytest.raises(WorkerGone, match="has ended"):
        await process.load(FAULT, "cpu")


async def test_a_signal_is_named(begin: Begin) -> None:
    process = await begin()
    os.kill(process.pid, 9)
    with pytest.raises(WorkerGone):
        await process.load(FAULT, "cpu")
    assert exits(process) == ["signal 9"]


async def test_when_it_is_found_dead_it_is_known_to_be_dead(begin: Begin) -> None:
    process = await begin()
    await process.load(FAULT, "cpu")
    os.kill(process.pid, 9)
    process._writer.close()
    with pytest.raises(WorkerGone):
        await seconds(process, "tone")
    assert exits(process) == ["signal 9"]


@pytest.mark.parametrize(
    ("text", "limits", "words"),
    [
        ("hang", SpeakLimits(0.2, 60, 60), "no audio for 0.2 s"),
        ("tone hang", SpeakLimits(60, 0.3, 60), "no audio for 0.3 s"),
    ],
)
async def test_a_stuck_engine_is_ended_in_time(begin: Begin, text: str, limits: SpeakLimits, words: str) -> None:
    process = await begin()
    await process.load(FAULT, "cpu")
    began = time.monotonic()
    with pytest.raises(Timeout, match=words):
        await seconds(process, text, limits)
    await asyncio.wait_for(process.exited.wait(), 1)
    assert time.monotonic() - began < 1.5
    assert exits(process) == ["its engine was stuck"]
    assert not psutil.pid_exists(process.pid)


@pytest.mark.slow
async def test_a_worker_that_says_nothing_at_all_is_ended(begin: Begin) -> None:
    process = await begin(ANSWERS.replace('"speak"', '"never"'))
    await process.load(FAULT, "cpu")
    with pytest.raises(Timeout, match=r"did nothing for \d"):
        await asyncio.wait_for(seconds(process, "tone", SpeakLimits(0.1, 0.1, 1)), 5)
    await asyncio.wait_for(process.exited.wait(), 1)


async def test_leaving_early_frees_the_worker(begin: Begin) -> None:
    process = await begin()
    await process.load(FAULT, "cpu")
    chunks = process.speak(speak("tone sleep:60 tone"), LIMITS)
    await anext(chunks)
    await asyncio.sleep(0.05)
    assert process.busy == 1
    began = time.monotonic()
    await chunks.aclose()
    assert time.monotonic() - began < 0.2
    assert process.busy == 0
    assert await seconds(process, "tone") == pytest.approx(0.1)


async def test_cancelling_twice_still_ends_what_does_not_stop(begin: Begin) -> None:
    process = await begin()
    await process.load(FAULT, "cpu")
    task = asyncio.create_task(seconds(process, "hang", SpeakLimits(60, 60, 0.2)))
    await asyncio.sleep(0.1)
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0.01)
    await asyncio.wait([task])
    await asyncio.wait_for(process.exited.wait(), 1)
    assert process.busy == 0


async def test_who_does_not_stop_is_ended(begin: Begin) -> None:
    process = await begin()
    await process.load(FAULT, "cpu")
    task = asyncio.create_task(seconds(process, "hang", SpeakLimits(60, 60, 0.2)))
    await asyncio.sleep(0.2)
    task.cancel()
    await asyncio.wait([task])
    await asyncio.wait_for(process.exited.wait(), 1)
    assert exits(process) == ["it did not stop speaking within 0.2 s"]


async def test_a_worker_that_hangs_up_and_runs_on_is_ended(begin: Begin) -> None:
    process = await begin(HANGS_UP)
    with pytest.raises(WorkerGone):
        await asyncio.wait_for(process.load(FAULT, "cpu"), 5)
    assert exits(process) == ["it hung up but did not end"]


async def test_a_worker_that_says_nonsense_is_ended(begin: Begin) -> None:
    process = await begin(SAYS_NONSENSE)
    with pytest.raises(WorkerGone):
        await asyncio.wait_for(process.load(FAULT, "cpu"), 5)
    assert exits(process) == ["it hung up but did not end"]


async def test_a_child_of_the_worker_that_keeps_the_line_open_hides_nothing(begin: Begin) -> None:
    process = await begin(shell=f'sleep 8 & exec {sys.executable} "$@"')
    await process.load(FAULT, "cpu")
    assert await seconds(process, "tone") == pytest.approx(0.1)
    began = time.monotonic()
    os.kill(process.pid, 9)
    await asyncio.wait_for(process.exited.wait(), 4)
    assert exits(process) == ["signal 9"]
    assert time.monotonic() - began < 4


async def test_stop_ends_what_hangs(begin: Begin) -> None:
    process = await begin(HANGS_UP.replace("os.close(int(sys.argv[3])); ", ""))
    began = time.monotonic()
    await process.stop()
    assert time.monotonic() - began < 2
    assert not psutil.pid_exists(process.pid)


async def test_what_cannot_be_started_leaves_nothing_open(tmp_path: Path) -> None:
    before = psutil.Process().num_fds()
    for _ in range(5):
        with pytest.raises(FileNotFoundError):
            await WorkerProcess("worker", lambda *_: None, str(tmp_path / "gone")).start()
    assert psutil.Process().num_fds() == before


async def test_a_start_that_is_cancelled_leaves_no_process() -> None:
    me = psutil.Process()
    before = me.num_fds()
    for step in range(6):
        process = WorkerProcess("worker", lambda *_: None)
        start = asyncio.create_task(process.start())
        for _ in range(step):
            await asyncio.sleep(0)
        if start.cancel():
            await asyncio.wait([start])
        if not start.cancelled():
            await process.stop()
    await _until(lambda: not left_behind() and me.num_fds() <= before)


async def _until(condition: Callable[[], bool], patience: float = 3) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
