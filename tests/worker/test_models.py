"""What a real worker process holds: loading, parking and unloading, and the memory that it takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import psutil
import pytest

from wyoming_openspeakers.engines.base import ModelSpec
from wyoming_openspeakers.errors import ModelUnavailable, OutOfMemory, SpeechError, SynthesisFailed
from wyoming_openspeakers.models.workers.process import SpeakLimits, WorkerProcess
from wyoming_openspeakers.worker.protocol import Memory, Speak

pytestmark = pytest.mark.slow

MB = 1_000_000
SLACK = 12 * MB
"""What a process takes and gives back beside what the tests have it take."""

LIMITS = SpeakLimits(first_audio=5, audio_gap=5, cancel=1)


def fault(**parameters: Any) -> ModelSpec:
    return ModelSpec("fault", "faults.engine", parameters=parameters)


def parking(**parameters: Any) -> ModelSpec:
    return ModelSpec("fault", "faults.parking", parameters=parameters)


def near(megabytes: int) -> Any:
    return pytest.approx(megabytes * MB, abs=SLACK)


class Worker(WorkerProcess):
    """A worker that remembers what it said of its memory."""

    def __init__(self) -> None:
        self.told: list[Memory] = []
        super().__init__("worker", lambda *_: None, on_memory=lambda process: self.told.append(process.memory))

    async def say(self, text: str, model: str = "fault") -> float:
        """Speak, and tell how many seconds of audio came."""
        async with aclosing(self.speak(Speak(0, model, text, "plain"), LIMITS)) as chunks:
            return sum([len(audio.samples) / audio.rate async for audio in chunks])

    def takes(self) -> int:
        """Bytes of host memory as the system counts them."""
        memory = psutil.Process(self.pid).memory_full_info()
        return int(memory.uss)


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    """A real worker process."""
    process = Worker()
    await process.start()
    yield process
    await process.stop()


async def until(condition: Callable[[], bool], patience: float = 3) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_it_says_at_once_what_it_takes(worker: Worker) -> None:
    await until(lambda: bool(worker.told))
    assert 5 * MB < worker.memory.host < 200 * MB
    assert worker.memory == Memory(worker.memory.host)


async def test_what_a_model_takes_is_told_and_comes_back(worker: Worker) -> None:
    await worker.load(fault(), "cpu")
    empty = await worker.unload("fault")
    before = worker.takes()
    loaded = await worker.load(fault(megabytes=200), "cpu")
    assert loaded.model_host == near(200)
    assert (loaded.device, loaded.model_device) == (0, 0)
    assert loaded.host == near(200 + empty.host // MB)
    assert worker.memory == Memory(loaded.host)
    assert worker.takes() - before == near(200)
    unloaded = await worker.unload("fault")
    assert unloaded == Memory(near(empty.host // MB))
    assert worker.takes() - before < SLACK


async def test_parked_without_a_gpu_it_takes_nothing_and_comes_back(worker: Worker) -> None:
    await worker.load(fault(), "cpu")
    before = await worker.unload("fault")
    await worker.load(fault(megabytes=200), "cpu")
    parked = await worker.park("fault")
    assert (parked.model_host, parked.host) == (0, near(before.host // MB))
    with pytest.raises(SynthesisFailed, match="fault is not loaded"):
        await worker.say("tone")
    back = await worker.unpark("fault")
    assert back.model_host == near(200)
    assert await worker.say("tone tone") == pytest.approx(0.2)


async def test_an_engine_that_parks_moves_between_gpu_and_host(worker: Worker) -> None:
    loaded = await worker.load(parking(megabytes=32, cuda_megabytes=160), "cuda:1")
    assert (loaded.device, loaded.model_device, loaded.model_host) == (160 * MB, 160 * MB, near(32))
    parked = await worker.park("fault")
    assert (parked.device, parked.model_device, parked.model_host) == (0, 0, near(32 + 160))
    with pytest.raises(SynthesisFailed, match="fault is not loaded"):
        await worker.say("tone")
    back = await worker.unpark("fault")
    assert (back.device, back.model_device, back.model_host) == (160 * MB, 160 * MB, near(32))
    assert await worker.say("tone") == pytest.approx(0.1)
    assert await worker.unload("fault") == Memory(near(loaded.host // MB - 32))


async def test_on_the_processor_such_an_engine_is_unloaded(worker: Worker) -> None:
    await worker.load(parking(megabytes=64, park_fail=True), "cpu")
    assert (await worker.park("fault")).model_host == 0
    assert (await worker.unpark("fault")).model_host == near(64)


async def test_what_is_parked_can_be_unloaded_or_loaded_anew(worker: Worker) -> None:
    await worker.load(parking(cuda_megabytes=64), "cuda")
    before = (await worker.park("fault")).host
    assert (await worker.unload("fault")).host == near(before // MB - 64)
    await worker.load(fault(), "cpu")
    await worker.park("fault")
    await worker.load(fault(), "cpu")
    assert await worker.say("tone") == pytest.approx(0.1)


async def test_each_model_has_its_own_account(worker: Worker) -> None:
    await worker.load(ModelSpec("small", "faults.parking", parameters={"cuda_megabytes": 20}), "cuda")
    large = await worker.load(
        ModelSpec("large", "faults.parking", parameters={"cuda_megabytes": 50, "megabytes": 96}), "cuda:1"
    )
    assert (large.device, large.model_device, large.model_host) == (70 * MB, 50 * MB, near(96))
    assert (await worker.park("small")).device == 50 * MB


async def test_changes_happen_one_after_the_other(worker: Worker) -> None:
    def slow(name: str, megabytes: int) -> ModelSpec:
        return ModelSpec(name, "faults.engine", parameters={"megabytes": megabytes, "load_seconds": 0.1})

    one, two = await asyncio.gather(worker.load(slow("one", 64), "cpu"), worker.load(slow("two", 128), "cpu"))
    assert (one.model_host, two.model_host) == (near(64), near(128))


async def test_others_speak_and_are_cancelled_while_a_model_changes(worker: Worker) -> None:
    await worker.load(fault(), "cpu")
    await worker.load(ModelSpec("slow", "faults.engine", parameters={"unload_seconds": 1}), "cpu")
    change = asyncio.create_task(worker.park("slow"))
    assert await worker.say("tone sleep:0.1 tone") == pytest.approx(0.3)
    began = time.monotonic()
    chunks = worker.speak(Speak(0, "fault", "tone sleep:60", "plain"), LIMITS)
    await anext(chunks)
    await chunks.aclose()
    assert time.monotonic() - began < 0.3
    assert not change.done()
    await change


Command = Callable[[Worker], Awaitable[object]]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (lambda worker: worker.load(fault(), "cpu"), "cannot be loaded: it is loaded already"),
        (lambda worker: worker.unpark("fault"), "cannot be loaded: it is not parked"),
        (lambda worker: worker.park("other"), "cannot be parked: it is not loaded"),
        (lambda worker: worker.unload("other"), "cannot be unloaded: it is not loaded"),
        (lambda worker: worker.unpark("other"), "cannot be loaded: it is not parked"),
    ],
)
async def test_what_does_not_go_with_where_a_model_is_changes_nothing(
    worker: Worker, command: Command, words: str
) -> None:
    await worker.load(fault(), "cpu")
    with pytest.raises(ModelUnavailable, match=words):
        await command(worker)
    assert await worker.say("tone") == pytest.approx(0.1)


async def test_what_is_parked_is_not_parked_again(worker: Worker) -> None:
    await worker.load(fault(), "cpu")
    await worker.park("fault")
    with pytest.raises(ModelUnavailable, match="it is not loaded"):
        await worker.park("fault")
    await worker.unpark("fault")


@pytest.mark.parametrize(
    ("command", "word"),
    [(lambda worker: worker.park("fault"), "parked"), (lambda worker: worker.unload("fault"), "un")],
)
async def test_what_speaks_stays(worker: Worker, command: Command, word: str) -> None:
    await worker.load(fault(), "cpu")
    speech = asyncio.create_task(worker.say("tone sleep:0.2 tone"))
    await asyncio.sleep(0.05)
    with pytest.raises(ModelUnavailable, match=f"cannot be {word}.*it is speaking"):
        await command(worker)
    assert await speech == pytest.approx(0.3)
    await command(worker)


async def test_a_load_without_memory_leaves_nothing_behind(worker: Worker, tmp_path: Path) -> None:
    await worker.load(fault(), "cpu")
    before = (await worker.unload("fault")).host
    (tmp_path / "left").write_text("2")
    spec = fault(megabytes=200, oom_loads=str(tmp_path / "left"))
    for _ in range(2):
        with pytest.raises(OutOfMemory, match=r"Model fault cannot be loaded: there is not enough memory$"):
            await worker.load(spec, "cpu")
        assert worker.memory.host - before < SLACK
    assert (await worker.load(spec, "cpu")).model_host == near(200)


async def test_what_finds_no_memory_to_come_back_can_be_tried_again(worker: Worker, tmp_path: Path) -> None:
    left = tmp_path / "left"
    spec = parking(cuda_megabytes=64, oom_unparks=str(left), oom_loads=str(left))
    left.write_text("0")
    await worker.load(spec, "cuda:0")
    for again in (worker.unpark("fault"), worker.load(spec, "cuda:0")):
        parked = await worker.park("fault")
        left.write_text("1")
        with pytest.raises(OutOfMemory, match=r"not enough memory on cuda:0$"):
            await worker.unpark("fault")
        assert worker.memory.host == near(parked.host // MB - 64)
        back = await again
        assert (back.model_device, back.model_host) == (64 * MB, near(0))
        assert await worker.say("tone") == pytest.approx(0.1)


async def test_a_model_that_fails_to_park_is_gone(worker: Worker) -> None:
    loaded = await worker.load(parking(cuda_megabytes=64, park_fail=True), "cuda")
    with pytest.raises(ModelUnavailable, match="cannot be parked: RuntimeError: the bus is down"):
        await worker.park("fault")
    assert worker.memory == Memory(near(loaded.host // MB), 0)
    await worker.load(parking(cuda_megabytes=64), "cuda")
    assert await worker.say("tone") == pytest.approx(0.1)


async def test_a_model_that_fails_to_unload_is_dropped(worker: Worker) -> None:
    loaded = await worker.load(fault(megabytes=64, unload_fail=True), "cpu")
    assert (await worker.unload("fault")).host == near(loaded.host // MB - 64)


async def test_a_segment_without_memory_costs_that_segment(worker: Worker) -> None:
    loaded = await worker.load(fault(), "cpu")
    with pytest.raises(OutOfMemory, match="not enough memory for fault to speak this"):
        await worker.say("tone oom")
    assert await worker.say("tone") == pytest.approx(0.1)
    assert worker.takes() - loaded.host < SLACK


async def test_an_engine_that_exits_costs_one_segment(worker: Worker) -> None:
    await worker.load(fault(), "cpu")
    with pytest.raises(SynthesisFailed, match="SystemExit"):
        await worker.say("exit")
    assert await worker.say("tone") == pytest.approx(0.1)


async def test_growth_while_speaking_is_told_once(worker: Worker) -> None:
    loaded = await worker.load(fault(), "cpu")
    told = len(worker.told)
    await worker.say("tone grow:4")
    await asyncio.sleep(0.7)
    assert len(worker.told) == told
    await worker.say("grow:48")
    await worker.say("grow:48")
    # The last of it may be too little to be told.
    await until(lambda: worker.memory.host - loaded.host > 80 * MB)
    assert len(worker.told) - told <= 2
    await worker.unload("fault")
    assert worker.memory.host - loaded.host < SLACK


@pytest.mark.parametrize("parameters", [{"load_seconds": 60}, {"unload_seconds": 60}])
async def test_a_change_does_not_hold_up_the_end(worker: Worker, parameters: dict[str, float]) -> None:
    change: asyncio.Task[Memory]
    if "load_seconds" in parameters:
        change = asyncio.create_task(worker.load(fault(**parameters), "cpu"))
    else:
        await worker.load(fault(**parameters), "cpu")
        change = asyncio.create_task(worker.park("fault"))
    await asyncio.sleep(0.3)
    began = time.monotonic()
    await worker.stop()
    assert time.monotonic() - began < 1.5
    assert not psutil.pid_exists(worker.pid)
    with pytest.raises(Exception, match="ended before fault was"):
        await change


async def test_leaving_a_change_does_not_mix_up_its_answer(worker: Worker) -> None:
    left = asyncio.create_task(worker.load(fault(load_seconds=0.2), "cpu"))
    await asyncio.sleep(0.1)
    left.cancel()
    await asyncio.wait([left])
    assert (await worker.unload("fault")).model_host == 0
    with pytest.raises(SpeechError):
        await worker.say("tone")
