"""The monitor reads beside the loop, tells what changed, and survives a driver that hangs."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from wyoming_openspeakers.events import EventBus, Gpu, GpusRead
from wyoming_openspeakers.models.gpu.gpus import Gpus
from wyoming_openspeakers.models.gpu.monitor import GpuMonitor

pytestmark = pytest.mark.slow

GB = 10**9
GPU = Gpu(0, "GPU-0", "NVIDIA X", 10 * GB, 2 * GB, utilisation=10, temperature=50, power=100.0)
NO_GPU = GpusRead((), "no driver")


class FakeGpus(Gpus):
    """Answers what it is told to."""

    def __init__(self, *reads: GpusRead) -> None:
        self.reads = list(reads)
        self.count = 0
        self.threads: set[str] = set()
        self.processes: dict[str, dict[int, int]] = {}
        self.answers = threading.Event()
        self.answers.set()

    def read(self) -> GpusRead:
        """The next answer; the last one for good."""
        self.count += 1
        self.threads.add(threading.current_thread().name)
        self.answers.wait(10)
        return self.reads.pop(0) if len(self.reads) > 1 else self.reads[0]

    def process_memory(self) -> dict[str, dict[int, int]]:
        """What the driver tells."""
        return self.processes


@pytest.fixture(autouse=True)
def let_go() -> Iterator[list[FakeGpus]]:
    """Let hanging readings end with the test."""
    fakes: list[FakeGpus] = []
    yield fakes
    for fake in fakes:
        fake.answers.set()


@asynccontextmanager
async def monitoring(gpus: Gpus, **options: Any) -> AsyncIterator[tuple[GpuMonitor, list[GpusRead]]]:
    bus = EventBus()
    heard: list[Any] = []
    bus.subscribe(heard.append)
    monitor = GpuMonitor(gpus, bus, **{"interval": 0.001, **options})
    monitor.start()
    try:
        yield monitor, heard
    finally:
        await monitor.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - nothing tells of what is waited for here
            await asyncio.sleep(0.001)


def reads(*gpus: Gpu) -> list[GpusRead]:
    return [GpusRead((gpu,)) for gpu in gpus]


async def published(*gpus: Gpu) -> list[GpusRead]:
    fake = FakeGpus(*reads(*gpus))
    async with monitoring(fake) as (_, heard):
        await until(lambda: fake.count > len(gpus) + 1)
        return heard


async def test_the_first_reading_is_told_and_the_same_again_is_not() -> None:
    assert await published(GPU, GPU, GPU) == reads(GPU)


@pytest.mark.parametrize(
    "change",
    [
        {"memory_used": 2 * GB + GB // 10},
        {"utilisation": 14},
        {"utilisation": 6, "power": 104.9},
    ],
)
async def test_small_changes_are_not_told(change: dict[str, Any]) -> None:
    assert await published(GPU, replace(GPU, **change)) == reads(GPU)


@pytest.mark.parametrize(
    "change",
    [
        {"memory_used": 2 * GB + GB // 9},
        {"memory_used": 2 * GB - GB // 9},
        {"utilisation": 15},
        {"utilisation": None},
        {"temperature": 49},
        {"power": 95.0},
        {"uuid": "GPU-1"},
        {"index": 1},
    ],
)
async def test_changes_that_matter_are_told(change: dict[str, Any]) -> None:
    changed = replace(GPU, **change)
    assert await published(GPU, changed) == reads(GPU, changed)


async def test_small_steps_add_up() -> None:
    steps = [replace(GPU, utilisation=value) for value in range(10, 21)]
    assert await published(*steps) == reads(steps[0], steps[5], steps[10])


async def test_a_gpu_that_comes_or_goes_is_told() -> None:
    both = GpusRead((GPU, replace(GPU, index=1, uuid="GPU-1")))
    one = GpusRead((GPU,), "GPU 1 fell off the bus")
    fake = FakeGpus(both, one)
    async with monitoring(fake) as (monitor, heard):
        await until(lambda: len(heard) == 2)
        assert heard == [both, one] and monitor.latest == one


async def test_after_a_while_the_same_is_told_again() -> None:
    async with monitoring(FakeGpus(GpusRead((GPU,))), publish_again=0.05) as (_, heard):
        began = time.monotonic()
        await until(lambda: len(heard) == 3)
        assert time.monotonic() - began >= 0.1


async def test_without_a_gpu_it_is_told_once_and_looked_for_seldom() -> None:
    fake = FakeGpus(NO_GPU, NO_GPU, GpusRead((GPU,)))
    async with monitoring(fake, look_again=0.1, publish_again=0.0) as (_, heard):
        await asyncio.sleep(0.05)
        assert (heard, fake.count) == ([NO_GPU], 1)
        await until(lambda: fake.count == 2)
        assert heard == [NO_GPU]
        await until(lambda: len(heard) > 1)
        assert heard[1] == GpusRead((GPU,))


async def test_interval_zero_never_reads_unless_asked() -> None:
    fake = FakeGpus(GpusRead((GPU,)))
    async with monitoring(fake, interval=0) as (monitor, heard):
        await asyncio.sleep(0.02)
        assert (fake.count, heard, monitor.latest) == (0, [], None)
        assert await monitor.read() == GpusRead((GPU,)) == monitor.latest
        assert heard == [monitor.latest]


async def test_readings_at_once_are_one() -> None:
    fake = FakeGpus(GpusRead((GPU,)))
    monitor = GpuMonitor(fake, EventBus(), 0)
    assert len(set(map(id, await asyncio.gather(*(monitor.read() for _ in range(5)))))) == 1
    assert fake.count == 1 and "MainThread" not in fake.threads


async def test_a_driver_that_hangs_blocks_nothing_and_is_told(let_go: list[FakeGpus]) -> None:
    fake = FakeGpus(GpusRead((GPU,)))
    let_go.append(fake)
    async with monitoring(fake, patience=0.03) as (monitor, heard):
        await until(lambda: bool(heard))
        fake.answers.clear()
        await until(lambda: len(heard) == 2)
        assert heard[1].gpus == () and "does not answer" in str(heard[1].problem) and monitor.latest == heard[1]
        count = fake.count
        slept = time.monotonic()
        await asyncio.sleep(0.15)
        assert time.monotonic() - slept < 1.0
        assert fake.count == count
        assert [thread.name for thread in threading.enumerate()].count("read GPUs") == 1
        fake.answers.set()
        await until(lambda: len(heard) == 3)
        assert heard[2] == GpusRead((GPU,))


async def test_a_driver_that_hangs_does_not_hold_up_the_end(let_go: list[FakeGpus]) -> None:
    fake = FakeGpus(NO_GPU)
    let_go.append(fake)
    fake.answers.clear()
    async with monitoring(fake):
        await until(lambda: fake.count == 1)
        began = time.monotonic()
    assert time.monotonic() - began < 0.5


def test_a_process_ends_although_its_driver_hangs() -> None:
    code = """
import asyncio, threading
from wyoming_openspeakers.events import EventBus
from wyoming_openspeakers.models.gpu.monitor import GpuMonitor
from wyoming_openspeakers.models.gpu.gpus import Gpus
class Hangs(Gpus):
    def read(self):
        threading.Event().wait()
async def main():
    monitor = GpuMonitor(Hangs(), EventBus(), 1)
    monitor.start()
    await asyncio.sleep(0.01)
    await monitor.stop()
    print("stopped")
asyncio.run(main())
"""
    ended = subprocess.run([sys.executable, "-c", code], timeout=30, capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("stopped\n", "")


async def test_a_reading_that_fails_is_not_the_last(caplog: pytest.LogCaptureFixture) -> None:
    class Fails(FakeGpus):
        def read(self) -> GpusRead:
            if not self.count:
                self.count = 1
                raise RuntimeError("no")
            return super().read()

    async with monitoring(Fails(GpusRead((GPU,))), look_again=0.01) as (_, heard):
        await until(lambda: heard == [GpusRead((GPU,))])
    assert "The GPUs cannot be read" in caplog.text


async def test_the_models_of_the_only_gpu_are_ours_whatever_the_driver_names() -> None:
    shares = {7: {"a": GB, "b": 0}, 8: {"a": GB, "c": 2 * GB}}
    async with monitoring(FakeGpus(GpusRead((GPU,))), shares=lambda: shares) as (monitor, _):
        assert (await monitor.read()).gpus[0].models == {"a": 2 * GB, "c": 2 * GB}


async def test_among_several_gpus_a_model_is_where_its_process_is() -> None:
    fake = FakeGpus(GpusRead((GPU, replace(GPU, index=1, uuid="GPU-1"))))
    fake.processes = {"GPU-0": {7: 3 * GB, 99: GB}, "GPU-1": {8: GB}}
    shares = {7: {"a": GB}, 8: {"b": GB}, 9: {"c": GB}}
    async with monitoring(fake, shares=lambda: shares) as (monitor, _):
        assert [gpu.models for gpu in (await monitor.read()).gpus] == [{"a": GB}, {"b": GB}]


async def test_a_model_that_comes_is_told() -> None:
    shares: dict[int, dict[str, int]] = {}
    async with monitoring(FakeGpus(GpusRead((GPU,))), shares=lambda: shares) as (_, heard):
        await until(lambda: len(heard) == 1)
        shares[7] = {"a": 1000}
        await until(lambda: len(heard) == 2)
        shares[7] = {"a": 1001}
        await asyncio.sleep(0.02)
        shares[7] = {"a": GB}
        await until(lambda: len(heard) == 3)
        assert [read.gpus[0].models for read in heard] == [{}, {"a": 1000}, {"a": GB}]
