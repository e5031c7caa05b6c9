"""Models in real processes, under budgets of memory: who stays, who is parked, who goes, and who gets it back."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from managed import MEGABYTE, Manage, until

from wyoming_openspeakers.errors import ModelUnavailable, OutOfMemory, ShuttingDown, SpeechError, Timeout
from wyoming_openspeakers.events import Gpu, GpusRead, ModelStateChanged
from wyoming_openspeakers.models.memory import host as host_memory
from wyoming_openspeakers.models.queue import Urgency

pytestmark = pytest.mark.slow

SMALL_PROCESS = 60
"""Megabytes that a worker takes at most before it has a model."""


def process_bytes(pid: int) -> int:
    """What a process takes; 0 when it is gone."""
    return host_memory.process_bytes(pid) or 0


def large(megabytes: int = 150, **more: Any) -> dict[str, Any]:
    return {"ram": f"{megabytes}MB", "parameters": {"megabytes": megabytes, **more}}


def on_gpu(megabytes: int, device: str | None = None, **more: Any) -> dict[str, Any]:
    entry = {
        "engine": "faults.parking",
        "vram": f"{megabytes}MB",
        "parameters": {"cuda_megabytes": megabytes, **more},
    }
    return {**entry, "device": device} if device else entry


# The books


async def test_a_model_is_weighed_when_it_was_loaded(manage: Manage) -> None:
    it = manage({"fault": large(150)})
    await it.speak("tone")
    (cpu,) = it.manager.residents.pools().values()
    assert it.manager.residents.memory("fault")["cpu"] == pytest.approx(150 * MEGABYTE, rel=0.05)
    assert cpu["used"] == pytest.approx(process_bytes(it.worker.pid), rel=0.05)
    told = [event for event in it.events if isinstance(event, ModelStateChanged)][-1]
    assert (told.state, told.device, told.memory) == ("resident", "cpu", it.manager.residents.memory("fault")["cpu"])


async def test_what_was_measured_is_the_estimate_of_the_next_start(manage: Manage, tmp_path: Path) -> None:
    wrong = large(150) | {"ram": "1MB"}
    it = manage({"fault": wrong})
    await it.speak("tone")
    await it.manager.stop()
    kept = json.loads((tmp_path / "memory.json").read_text())
    assert kept["fault cpu"]["resident"] == pytest.approx(150 * MEGABYTE, rel=0.05)
    again = manage({"fault": wrong}, models__host_memory="100MB")
    with pytest.raises(OutOfMemory, match=r"models\.host_memory"):
        await again.speak("tone")
    assert not again.manager.workers()


async def test_what_a_process_grows_by_counts(manage: Manage) -> None:
    it = manage()
    await it.speak("tone")
    before = it.manager.residents.pools()["cpu"]["used"]
    await it.speak("grow:100")
    await until(lambda: it.manager.residents.pools()["cpu"]["used"] > before + 90 * MEGABYTE)


# Budgets


async def test_three_models_share_the_room_of_two(manage: Manage) -> None:
    it = manage({"a": large(), "b": large(), "c": large()}, models__host_memory=f"{300 + SMALL_PROCESS + 20}MB")
    for model in ("a", "b"):
        await it.speak("tone", model)
    assert it.where("a", "b", "c") == {"a": "resident", "b": "resident", "c": "cold"}
    await it.speak("tone", "c")
    assert it.where("a", "b", "c") == {"a": "parked", "b": "resident", "c": "resident"}
    assert process_bytes(it.worker.pid) < (300 + SMALL_PROCESS) * MEGABYTE
    await it.speak("tone", "a")
    assert it.where("a", "b", "c") == {"a": "resident", "b": "parked", "c": "resident"}
    assert it.states("a") == ["loading", "resident", "parking", "parked", "loading", "resident"]


async def test_a_model_that_can_never_fit_is_refused(manage: Manage) -> None:
    it = manage({"small": large(20), "huge": large(900)}, models__host_memory="400MB")
    await it.speak("tone", "small")
    with pytest.raises(OutOfMemory, match="huge"):
        await it.speak("tone", "huge")
    assert it.where("small", "huge") == {"small": "resident", "huge": "cold"}


async def test_a_model_on_standby_stays(manage: Manage) -> None:
    models = {"standing": large() | {"standby": True}, "a": large(), "b": large()}
    it = manage(models, models__host_memory=f"{300 + SMALL_PROCESS + 20}MB", models__keep_alive=0.2)
    it.manager.start()
    for model in ("standing", "a", "b", "a"):
        await it.speak("tone", model)
        assert it.manager.state("standing") == "resident"
    await until(lambda: it.manager.state("a") == "cold")
    assert it.manager.state("standing") == "resident"


async def test_somebody_who_listens_gets_the_place_of_a_job_within_a_segment(manage: Manage) -> None:
    it = manage({"a": large(), "b": large()}, models__host_memory=f"{150 + SMALL_PROCESS + 20}MB")

    async def job() -> None:
        while True:
            await it.speak("sleep:0.3", "a", "reader", Urgency.JOB)

    reading = [asyncio.create_task(job()) for _ in range(3)]
    await until(lambda: it.manager.state("a") == "resident")
    began = asyncio.get_running_loop().time()
    await it.speak("tone", "b", "listener")
    assert asyncio.get_running_loop().time() - began < 3
    await until(lambda: it.manager.state("a") == "resident")
    for task in reading:
        task.cancel()
    await asyncio.gather(*reading, return_exceptions=True)


async def test_everybody_is_served_in_the_end(manage: Manage) -> None:
    models = {name: large(60) for name in "abc"}
    it = manage(models, models__host_memory=f"{120 + SMALL_PROCESS + 20}MB", limits__queue_wait=60)
    requests = [it.speak("tone", "abc"[number % 3], f"client {number % 5}") for number in range(40)]
    async with asyncio.timeout(60):
        assert await asyncio.gather(*requests) == [pytest.approx(0.1)] * 40
    assert it.manager.residents.pools()["cpu"]["used"] < (120 + SMALL_PROCESS + 20) * MEGABYTE


async def test_a_wait_for_room_ends(manage: Manage) -> None:
    it = manage(
        {"a": large(), "b": large()}, models__host_memory=f"{150 + SMALL_PROCESS + 20}MB", limits__queue_wait=0.3
    )
    speaking = asyncio.create_task(it.speak("sleep:30", "a"))
    await until(lambda: it.manager.state("a") == "resident")
    with pytest.raises(Timeout, match="No room for b"):
        await it.speak("tone", "b")
    speaking.cancel()
    await asyncio.gather(speaking, return_exceptions=True)
    assert await it.speak("tone", "b") == pytest.approx(0.1)


async def test_who_leaves_while_waiting_takes_nothing(manage: Manage) -> None:
    it = manage({"a": large(), "b": large(load_seconds=0.5)}, models__host_memory=f"{150 + SMALL_PROCESS + 20}MB")
    speaking = asyncio.create_task(it.speak("sleep:1", "a"))
    await until(lambda: it.manager.state("a") == "resident")
    for seconds in (0.05, 0.2):
        waiting = asyncio.create_task(it.speak("tone", "b"))
        await asyncio.sleep(seconds)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await speaking
    assert it.manager.state("b") == "cold"
    loading = asyncio.create_task(it.speak("tone", "b"))
    await until(lambda: it.manager.state("b") == "loading")
    loading.cancel()
    await asyncio.gather(loading, return_exceptions=True)
    await until(lambda: it.manager.state("b") == "resident")
    assert await it.speak("tone", "a") == pytest.approx(0.1)


# Time


async def test_a_model_goes_when_its_time_is_over_and_its_process_with_it(manage: Manage) -> None:
    it = manage({"fault": large()}, models__keep_alive="300ms")
    await it.speak("tone")
    pid = it.worker.pid
    await it.speak("sleep:0.5")
    assert it.manager.state("fault") == "resident"
    await until(lambda: it.manager.state("fault") == "cold")
    assert not it.manager.workers() and process_bytes(pid) == 0
    assert it.manager.residents.pools()["cpu"]["used"] == 0
    assert [exit_.expected for exit_ in it.exits()] == [True]
    assert await it.speak("tone") == pytest.approx(0.1)


@pytest.mark.parametrize(("keep_alive", "stays"), [(0, False), ("0", False), (-1, True), ("5m", True), (60, True)])
async def test_a_request_says_how_long_its_model_stays(manage: Manage, keep_alive: float | str, stays: bool) -> None:
    it = manage(models__keep_alive=0.1 if stays else 60)
    await it.speak("tone", keep_alive=keep_alive)
    if stays:
        await asyncio.sleep(0.4)
        assert it.manager.state("fault") == "resident"
    else:
        await until(lambda: it.manager.state("fault") == "cold", 2)


async def test_a_model_may_say_it_for_itself(manage: Manage) -> None:
    it = manage({"short": {"keep_alive": 0}, "long": {"keep_alive": "1h"}}, models__keep_alive=0.1)
    await it.speak("tone", "short")
    await it.speak("tone", "long")
    await until(lambda: it.manager.state("short") == "cold")
    await asyncio.sleep(0.3)
    assert it.manager.state("long") == "resident"


async def test_a_model_goes_while_its_companion_stays(manage: Manage) -> None:
    it = manage({"goes": large() | {"keep_alive": 0.1}, "stays": large(50)})
    await it.speak("tone", "stays")
    await it.speak("tone", "goes")
    pid = it.worker.pid
    await until(lambda: it.manager.state("goes") == "cold")
    assert it.worker.pid == pid and it.manager.state("stays") == "resident"
    assert process_bytes(pid) < (50 + SMALL_PROCESS) * MEGABYTE


# On request


async def test_how_long_a_model_stays_and_where_it_is_can_be_asked(manage: Manage) -> None:
    it = manage({"fault": {}, "kept": {"standby": True}})
    residents = it.manager.residents
    assert (residents.remaining("fault"), residents.place("fault")) == (None, None)
    async with residents.using("fault", keep_alive="5m"):
        assert (residents.remaining("fault"), residents.place("fault")) == (None, "cpu")
    assert 299 < (residents.remaining("fault") or 0) <= 300
    await it.manager.park("fault")
    assert 290 < (residents.remaining("fault") or 0) <= 300
    await it.manager.load("fault", keep_alive=-1)
    assert residents.remaining("fault") is None
    await it.manager.load("kept", keep_alive=1)
    assert residents.remaining("kept") is None
    await it.manager.unload("fault")
    assert (residents.remaining("fault"), residents.place("fault")) == (None, None)
    assert set(residents.devices) == {"cpu"}


async def test_load_park_and_unload_on_request(manage: Manage) -> None:
    it = manage({"fault": large()})
    await it.manager.load("fault")
    loaded = process_bytes(it.worker.pid)
    await it.manager.park("fault")
    assert it.manager.state("fault") == "parked"
    # glibc keeps up to 16 MB at the end of a thread's heap for what comes next.
    assert process_bytes(it.worker.pid) < loaded - (150 - 16) * MEGABYTE
    pid = it.worker.pid
    assert await it.speak("tone") == pytest.approx(0.1)
    assert it.worker.pid == pid
    await it.manager.unload("fault")
    assert it.manager.state("fault") == "cold" and not it.manager.workers()
    assert it.states() == ["loading", "resident", "parking", "parked", "loading", "resident", "unloading", "cold"]
    await it.manager.unload("fault")
    await it.manager.park("fault")
    assert it.manager.state("fault") == "cold"


async def test_unloading_waits_for_what_is_being_said_and_for_what_is_being_loaded(manage: Manage) -> None:
    it = manage({"fault": {"parameters": {"load_seconds": 0.3}}})
    loading = asyncio.create_task(it.manager.load("fault"))
    await until(lambda: it.manager.state("fault") == "loading")
    await it.manager.unload("fault")
    assert it.manager.state("fault") == "cold"
    speaking = asyncio.create_task(it.speak("sleep:0.4 tone"))
    await until(lambda: bool(it.manager.workers()) and it.worker.busy == 1)
    await it.manager.unload("fault")
    assert await speaking == pytest.approx(0.2)
    await asyncio.gather(loading, return_exceptions=True)


# Out of memory


@pytest.mark.parametrize("fails", [1, 2])
async def test_lack_of_memory_while_loading_makes_room_once(manage: Manage, tmp_path: Path, fails: int) -> None:
    count = tmp_path / "count"
    count.write_text(str(fails))
    it = manage({"a": large(50), "b": large(50, oom_loads=str(count))})
    await it.speak("tone", "a")
    if fails == 1:
        assert await it.speak("tone", "b") == pytest.approx(0.1)
        assert it.where("a", "b") == {"a": "cold", "b": "resident"}
    else:
        with pytest.raises(OutOfMemory):
            await it.speak("tone", "b")
        assert it.states("b")[-1] == "failed"
        # It was not for good.
        assert await it.speak("tone", "b") == pytest.approx(0.1)
    assert count.read_text() == "0"


async def test_lack_of_memory_while_speaking_fails_the_request_and_the_model_is_loaded_anew(manage: Manage) -> None:
    it = manage({"fault": large(50)})
    other = asyncio.create_task(it.speak("sleep:0.5 tone"))
    await until(lambda: bool(it.manager.workers()) and it.worker.busy == 1)
    with pytest.raises(OutOfMemory, match="fault"):
        await it.speak("oom")
    assert await other == pytest.approx(0.2), "others finish"
    await until(lambda: it.states()[-3:] == ["cold", "loading", "resident"])
    assert await it.speak("tone") == pytest.approx(0.1)


# GPUs


async def test_models_are_spread_over_gpus_and_parked_when_both_are_full(manage: Manage) -> None:
    it = manage({name: on_gpu(600) for name in "abc"}, gpus=(1000, 1000), models__gpu_memory="90%")
    for model in "ab":
        await it.speak("tone", model)
    held = [it.manager.residents.memory(model) for model in "ab"]
    assert [memory.get(f"cuda:{number}") for number, memory in enumerate(held)] == [600 * MEGABYTE] * 2
    assert sorted(worker.name for worker in it.manager.workers()) == [
        "service/faults.parking@cuda:0",
        "service/faults.parking@cuda:1",
    ]
    for number, worker in enumerate(sorted(it.manager.workers(), key=lambda worker: worker.name)):
        seen = psutil.Process(worker.pid).environ()["CUDA_VISIBLE_DEVICES"]
        assert seen == f"GPU-{number}", "a worker sees its own GPU only"
    await it.speak("tone", "c")
    assert it.where("a", "b", "c") == {"a": "parked", "b": "resident", "c": "resident"}
    assert it.manager.residents.memory("a") == {"cpu": pytest.approx(600 * MEGABYTE, rel=0.05)}
    assert it.manager.residents.memory("c")["cuda:0"] == 600 * MEGABYTE
    pids = {worker.pid for worker in it.manager.workers()}
    await it.speak("tone", "a")
    assert {worker.pid for worker in it.manager.workers()} == pids
    assert it.where("a", "b", "c") == {"a": "resident", "b": "resident", "c": "parked"}


async def test_a_model_stays_on_the_gpu_that_it_names(manage: Manage) -> None:
    it = manage({"a": on_gpu(600, "cuda:1"), "b": on_gpu(600, "cuda:1")}, gpus=(1000, 1000))
    for model in "ab":
        await it.speak("tone", model)
    assert it.where("a", "b") == {"a": "parked", "b": "resident"}
    assert it.manager.residents.memory("b")["cuda:1"] == 600 * MEGABYTE


async def test_a_model_that_is_too_large_for_any_gpu_speaks_on_the_processor(manage: Manage) -> None:
    it = manage({"a": on_gpu(2000)}, gpus=(1000,))
    await it.speak("tone", "a")
    assert it.worker.name == "service/faults.parking"


async def test_a_gpu_that_is_not_there_is_named(manage: Manage) -> None:
    it = manage({"a": on_gpu(600, "cuda:3")}, gpus=(1000,))
    with pytest.raises(ModelUnavailable, match=r"cuda:3.*cuda:0"):
        await it.speak("tone", "a")


async def test_without_room_in_host_memory_a_model_is_dropped(manage: Manage) -> None:
    it = manage({"a": on_gpu(600), "b": on_gpu(600)}, gpus=(1000,), models__host_memory="300MB")
    for model in "ab":
        await it.speak("tone", model)
    assert it.where("a", "b") == {"a": "cold", "b": "resident"}


async def test_a_model_that_cannot_be_parked_costs_its_process_and_no_request(manage: Manage) -> None:
    it = manage({"a": on_gpu(600, park_fail=True), "b": on_gpu(600)}, gpus=(1000,))
    for model in "aba":
        assert await it.speak("tone", model) == pytest.approx(0.1)


async def test_a_process_that_ends_takes_its_parked_models_along(manage: Manage) -> None:
    it = manage({"a": on_gpu(600), "b": on_gpu(600)}, gpus=(1000,))
    for model in "ab":
        await it.speak("tone", model)
    os.kill(it.worker.pid, signal.SIGKILL)
    await until(lambda: not it.manager.workers())
    assert it.where("a", "b") == {"a": "cold", "b": "cold"}
    assert {pool["used"] for pool in it.manager.residents.pools().values()} == {0}
    assert await it.speak("tone", "a") == pytest.approx(0.1)


async def test_what_other_programs_use_of_a_gpu_is_theirs(manage: Manage) -> None:
    it = manage({"a": on_gpu(400), "b": on_gpu(400)}, gpus=(1000,))
    await it.speak("tone", "a")
    gpu = Gpu(0, "GPU-0", "Seeming", 1000 * MEGABYTE, 900 * MEGABYTE)
    it.manager.residents.see_gpus(GpusRead((gpu,)))
    await it.speak("tone", "b")
    assert it.where("a", "b") == {"a": "parked", "b": "resident"}
    it.manager.residents.see_gpus(GpusRead((replace(gpu, memory_used=400 * MEGABYTE),)))
    await it.speak("tone", "a")
    assert it.where("a", "b") == {"a": "resident", "b": "resident"}


async def test_models_on_a_gpu_are_known_by_their_process(manage: Manage) -> None:
    it = manage({"a": on_gpu(600), "b": {}}, gpus=(1000,))
    await it.speak("tone", "a")
    await it.speak("tone", "b")
    pid = next(worker.pid for worker in it.manager.workers() if worker.name.endswith("cuda:0"))
    assert it.manager.residents.shares() == {pid: {"a": 600 * MEGABYTE}}


# The end


async def test_stopping_tells_everyone_who_waits(manage: Manage) -> None:
    it = manage(
        {"a": large(20, load_seconds=20), "b": large(), "c": large()},
        models__host_memory=f"{170 + SMALL_PROCESS + 20}MB",
    )
    speaking = asyncio.create_task(it.speak("sleep:30", "b"))
    await until(lambda: it.manager.state("b") == "resident")
    waiting = [asyncio.create_task(it.speak("tone", model)) for model in ("a", "c")]
    await asyncio.sleep(0.2)
    async with asyncio.timeout(5):
        await it.manager.stop()
        ends = await asyncio.gather(speaking, *waiting, return_exceptions=True)
    assert all(isinstance(end, SpeechError) for end in ends), ends
    assert {type(end) for end in ends} == {ShuttingDown}
