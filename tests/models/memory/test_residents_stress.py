"""Models under tight budgets while everything happens at once: nobody hangs, and the books are right in the end."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from managed import MEGABYTE, Manage, Managed, until
from processes import children

from wyoming_openspeakers.errors import SpeechError
from wyoming_openspeakers.models.memory.host import process_bytes
from wyoming_openspeakers.models.queue import Urgency

SEED = 20261121
SECONDS = 15
CLIENTS = 12
PATIENCE = 75
"""Seconds that all may take together to end after that."""

HOST_BUDGET, GPU_BUDGET = 360, 400
"""Megabytes; the models and their processes would take 800 of the host, were all parked, and 450 of the GPU."""

TOLERANCE = 100
"""Megabytes over the budget of the host for a moment: processes that only start, and texts that find no memory."""

TOLD_LATE = 17 * 1.05
"""Megabytes by which a process may have changed before it tells so."""

ON_GPU = ("gpu 1", "gpu 2", "gpu 3")
MODELS: dict[str, dict[str, Any]] = {
    "cpu 1": {"ram": "120MB", "parameters": {"megabytes": 120}},
    "cpu 2": {"ram": "120MB", "parameters": {"megabytes": 120, "unload_seconds": 0.1}, "environment": "other"},
    **{
        name: {
            "engine": "faults.parking",
            "vram": "150MB",
            "parameters": {"cuda_megabytes": 150, "park_seconds": 0.05, "load_seconds": 0.1},
        }
        for name in ON_GPU
    },
}
TEXTS = ("tone", "sleep:0.03 tone", "tone sleep:0.1 tone", "tone tone sleep:0.3 tone", "fail", "oom", "crash")
HOW_OFTEN = (30, 30, 30, 15, 1, 1, 0.3)

NEXT_STATES = {
    "cold": {"loading"},
    "failed": {"loading"},
    "loading": {"resident", "failed", "cold"},
    "resident": {"parking", "unloading", "cold"},
    "parking": {"parked", "cold"},
    "parked": {"loading", "unloading", "cold"},
    "unloading": {"cold"},
}
"""Which states may follow each other in what is told of a model."""


@dataclass
class Storm:
    """Clients, a keeper of the house and a killer, who do what chance says until the time is over."""

    it: Managed
    answers: Counter[str] = field(default_factory=Counter)
    killed: set[int] = field(default_factory=set)
    most: int = 0
    """Bytes that all workers took at the worst moment that was seen."""

    def __post_init__(self) -> None:
        self.ends = time.monotonic() + SECONDS

    @property
    def goes_on(self) -> bool:
        return time.monotonic() < self.ends

    async def client(self, number: int) -> None:
        """Speak, and sometimes go away before the end."""
        chance = random.Random(SEED + number)
        while self.goes_on:
            (text,) = chance.choices(TEXTS, HOW_OFTEN)
            speaking = asyncio.create_task(
                self.it.speak(
                    text,
                    chance.choice(list(MODELS)),
                    f"client {number}",
                    chance.choice(list(Urgency)),
                    chance.choice([None, None, 0, "300ms", -1]),
                )
            )
            if chance.random() < 0.25:
                await asyncio.wait([speaking], timeout=chance.random() * 0.5)
                for _ in range(chance.choice([1, 1, 2])):
                    speaking.cancel()
                    await asyncio.sleep(0)
            await asyncio.wait([speaking])
            self.note(speaking)
            await asyncio.sleep(chance.random() * 0.15)

    def note(self, speaking: asyncio.Task[float]) -> None:
        """Count how a request ended; only audio, leaving and an error that a user can be told will do."""
        if speaking.cancelled():
            self.answers["left"] += 1
        elif error := speaking.exception():
            assert isinstance(error, SpeechError), repr(error)
            self.answers[error.code] += 1
        else:
            assert speaking.result() > 0.05
            self.answers["spoken"] += 1

    async def keeper(self) -> None:
        """Load, park and unload models by hand, several at once."""
        chance = random.Random(SEED - 1)
        manager = self.it.manager
        while self.goes_on:
            change = chance.choice([manager.load, manager.park, manager.unload])
            models = chance.sample(list(MODELS), chance.choice([1, 1, 2]))
            for error in await asyncio.gather(*map(change, models), return_exceptions=True):
                assert error is None or isinstance(error, SpeechError), repr(error)
            await asyncio.sleep(chance.random() * 0.6)

    async def killer(self) -> None:
        """Kill a worker now and then, whatever it does."""
        chance = random.Random(SEED - 2)
        while self.goes_on:
            await asyncio.sleep(chance.uniform(0.5, 2.5))
            if workers := self.it.manager.workers():
                pid = chance.choice(workers).pid
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    self.killed.add(pid)
        await until(lambda: not self.killed & {worker.pid for worker in self.it.manager.workers()})

    async def watcher(self) -> None:
        """See how much the workers really take."""
        while self.goes_on:
            self.most = max(self.most, really_taken(self.it))
            await asyncio.sleep(0.04)

    async def rage(self) -> None:
        """Have everyone at it until all have ended."""
        clients = [self.client(number) for number in range(CLIENTS)]
        await asyncio.gather(*clients, self.keeper(), self.killer(), self.watcher())


def really_taken(it: Managed) -> int:
    """Bytes of host memory of all workers."""
    return sum(process_bytes(worker.pid) or 0 for worker in it.manager.workers())


def used(it: Managed, pool: str) -> int:
    """Bytes of a pool that are taken, as the books have it."""
    return it.manager.residents.pools()[pool]["used"]


def is_at_rest(it: Managed) -> bool:
    """Whether nothing is on its way."""
    return not set(it.where(*MODELS).values()) & {"loading", "parking", "unloading"}


def are_books_right(it: Managed) -> bool:
    """Whether the books say what the workers take, as far as these tell it."""
    late = TOLD_LATE * MEGABYTE * len(it.manager.workers())
    on_gpu = 150 * MEGABYTE * list(it.where(*ON_GPU).values()).count("resident")
    return abs(used(it, "cpu") - really_taken(it)) <= late and used(it, "cuda:0") == on_gpu


@pytest.mark.slow
async def test_a_storm_leaves_nobody_hanging_and_the_books_right(manage: Manage) -> None:
    unheard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: unheard.append(context))
    it = manage(
        MODELS,
        gpus=(GPU_BUDGET,),
        models__gpu_memory=f"{GPU_BUDGET}MB",
        models__host_memory=f"{HOST_BUDGET}MB",
        models__keep_alive=2,
        limits__queue_wait=10,
        limits__model_load=30,
        limits__cancel=5,
    )
    storm = Storm(it)
    try:
        async with asyncio.timeout(SECONDS + PATIENCE):
            await storm.rage()
    except TimeoutError:
        pytest.fail(f"somebody hangs: {situation(it)}")

    told = f"{dict(storm.answers)}, {len(storm.killed)} killed, {storm.most / MEGABYTE:.0f} MB at most"
    assert storm.answers["spoken"] > 30 and len(storm.killed) > 4, told
    assert storm.most <= (HOST_BUDGET + TOLERANCE) * MEGABYTE, told
    for model in MODELS:
        for before, after in pairwise(["cold", *it.states(model)]):
            assert after in NEXT_STATES[before], f"{model} was {before} and then {after}: {it.states(model)}"

    await eventually(it, "the books are wrong", lambda: is_at_rest(it) and are_books_right(it))
    for model in (*MODELS, *ON_GPU[:2]):
        await it.manager.load(model, keep_alive=-1)
    assert set(it.where(*ON_GPU[:2]).values()) == {"resident"}, situation(it)
    await eventually(it, "the books are wrong", lambda: is_at_rest(it) and are_books_right(it))
    assert used(it, "cpu") <= HOST_BUDGET * MEGABYTE, situation(it)
    try:
        async with asyncio.timeout(10):
            await asyncio.gather(*map(it.manager.unload, MODELS))
    except TimeoutError:
        pytest.fail(f"a model cannot be unloaded: {situation(it)}")
    await eventually(it, "something is left", lambda: not it.manager.workers() and not children())
    assert (used(it, "cpu"), used(it, "cuda:0")) == (0, 0), situation(it)
    assert it.where(*MODELS) == dict.fromkeys(MODELS, "cold")
    assert it.manager.waiting() == 0
    assert await it.speak("tone", "gpu 1", keep_alive=0) == pytest.approx(0.1)
    await eventually(it, "something is left", lambda: not it.manager.workers() and not children())
    gc.collect()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert not unheard


async def eventually(it: Managed, problem: str, condition: Callable[[], bool]) -> None:
    """Wait for what has to be so before long, and tell what is if it never is."""
    try:
        await until(condition, 10)
    except AssertionError:
        pytest.fail(f"{problem}: {situation(it)}")


def situation(it: Managed) -> str:
    """How things are, for whoever reads of a failure."""
    pools = {pool: used(it, pool) // MEGABYTE for pool in it.manager.residents.pools()}
    workers = {worker.name: (process_bytes(worker.pid) or 0) // MEGABYTE for worker in it.manager.workers()}
    return f"{it.where(*MODELS)}, the books: {pools} MB, the processes: {workers} MB, {it.manager.waiting()} wait"
