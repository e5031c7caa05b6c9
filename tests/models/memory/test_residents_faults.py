"""Models in memory when something goes wrong at the worst moment: nothing stays behind, and nobody else pays for it."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from managed import MEGABYTE, Manage, Managed, until

from wyoming_openspeakers.errors import ModelUnavailable, SpeechError
from wyoming_openspeakers.events import Event, ModelStateChanged
from wyoming_openspeakers.models.memory import host as host_memory
from wyoming_openspeakers.models.queue import Urgency

pytestmark = pytest.mark.slow


def large(megabytes: int = 150, **more: Any) -> dict[str, Any]:
    return {"ram": f"{megabytes}MB", "parameters": {"megabytes": megabytes, **more}}


def on_gpu(megabytes: int, **more: Any) -> dict[str, Any]:
    entry = {"engine": "faults.parking", "vram": f"{megabytes}MB"}
    return {**entry, "parameters": {"cuda_megabytes": megabytes, **more}}


def used(it: Managed, pool: str = "cpu") -> float:
    """Megabytes in the books."""
    return it.manager.residents.pools()[pool]["used"] / MEGABYTE


async def nothing_is_left(it: Managed) -> None:
    await until(lambda: not it.manager.workers() and used(it) == 0)


# Processes without models


async def test_two_that_are_unloaded_together_leave_no_process(manage: Manage) -> None:
    it = manage({"a": large(20), "b": large(20)})
    for model in "ab":
        await it.speak("tone", model)
    await asyncio.gather(it.manager.unload("a"), it.manager.unload("b"))
    await nothing_is_left(it)


async def test_two_that_expire_together_leave_no_process(manage: Manage) -> None:
    it = manage({"a": large(20), "b": large(20)}, models__keep_alive=0.3)
    await asyncio.gather(it.speak("tone", "a"), it.speak("tone", "b"))
    await nothing_is_left(it)


async def test_two_of_one_process_make_room_for_another_environment(manage: Manage) -> None:
    models = {"a": large(60), "b": large(60), "c": large(160) | {"environment": "other"}}
    it = manage(models, models__host_memory="240MB", limits__queue_wait=10)
    for model in "abc":
        assert await it.speak("tone", model) == pytest.approx(0.1)


async def test_a_model_that_cannot_be_loaded_leaves_no_process_and_no_entry_in_the_books(manage: Manage) -> None:
    it = manage({"broken": {"parameters": {"load_fail": True}, "environment": "other"}})
    with pytest.raises(ModelUnavailable):
        await it.speak("tone", "broken")
    await nothing_is_left(it)


async def test_a_process_that_never_started_is_not_in_the_books(
    manage: Manage, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = manage()
    monkeypatch.setattr(it.manager.registry, "problem", lambda model: "its environment is not installed")
    with pytest.raises(ModelUnavailable, match="environment"):
        await it.speak("tone")
    await nothing_is_left(it)


async def test_the_books_are_right_after_a_failed_load_beside_another_model(manage: Manage) -> None:
    it = manage({"a": large(150, load_fail=True), "b": {}})
    await it.speak("tone", "b")
    with pytest.raises(ModelUnavailable):
        await it.speak("tone", "a")
    await asyncio.sleep(0.8)
    taken = host_memory.process_bytes(it.worker.pid) or 0
    assert used(it) == pytest.approx(taken / MEGABYTE, rel=0.1)


async def test_a_kill_while_a_companion_is_unloaded(manage: Manage) -> None:
    it = manage({"a": large(20, unload_seconds=2), "b": large(20)})
    for model in "ab":
        await it.speak("tone", model)
    unloading = asyncio.create_task(it.manager.unload("a"))
    await until(lambda: it.manager.state("a") == "unloading")
    it.kill()
    await unloading
    await nothing_is_left(it)


# Time


@pytest.mark.slow
async def test_loads_in_one_process_each_have_their_time(manage: Manage) -> None:
    it = manage({name: {"parameters": {"load_seconds": 1.2}} for name in "abc"}, limits__model_load=3)
    assert await asyncio.gather(*(it.speak("tone", name) for name in "abc")) == [pytest.approx(0.1)] * 3


@pytest.mark.slow
async def test_unloading_that_hangs_ends(manage: Manage) -> None:
    it = manage({"a": large(20, unload_seconds=3600), "b": {}}, limits__model_load=3)
    for model in "ab":
        await it.manager.load(model)
    async with asyncio.timeout(15):
        await it.manager.unload("a")


async def test_who_gives_up_lets_the_next_in(manage: Manage) -> None:
    models = {"a": large(100), "big": large(200), "c": large(50) | {"environment": "other"}}
    it = manage(models, models__host_memory="300MB")
    speaking = asyncio.create_task(it.speak("sleep:4", "a"))
    await until(lambda: it.manager.state("a") == "resident")
    await asyncio.sleep(1.3)
    gives_up = asyncio.create_task(it.speak("tone", "big"))
    await asyncio.sleep(0.1)
    began = time.monotonic()
    waits = asyncio.create_task(it.speak("tone", "c"))
    await asyncio.sleep(0.1)
    gives_up.cancel()
    await waits
    assert time.monotonic() - began < 2
    await asyncio.gather(speaking, gives_up, return_exceptions=True)


async def test_a_listener_does_not_wait_for_the_end_of_a_job_s_long_sentence(manage: Manage) -> None:
    it = manage({"a": {}, "b": {}})
    for model in "ab":
        await it.manager.load(model)
    job = asyncio.create_task(it.speak("sleep:3", "a", "reader", Urgency.BATCH))
    await until(lambda: it.worker.busy == 1)
    began = time.monotonic()
    await it.speak("tone", "b", "listener")
    assert time.monotonic() - began < 1.5
    await job


# Going, while other things happen


async def test_unloading_a_model_that_is_being_parked(manage: Manage) -> None:
    it = manage({"a": on_gpu(100, park_seconds=0.4)}, gpus=(1000,))
    await it.speak("tone", "a")
    parking = asyncio.create_task(it.manager.park("a"))
    await until(lambda: it.manager.state("a") == "parking")
    await it.manager.unload("a")
    assert it.manager.state("a") == "cold"
    await parking


@pytest.mark.parametrize("parameters", [{"load_seconds": 5}, {"unload_seconds": 3}])
async def test_unloading_ends_when_the_service_stops(manage: Manage, parameters: dict[str, Any]) -> None:
    it = manage({"fault": large(20, **parameters), "other": {}})
    await it.manager.load("other")
    loading = asyncio.create_task(it.manager.load("fault"))
    await until(lambda: it.manager.state("fault") == ("loading" if "load_seconds" in parameters else "resident"))
    unloading = asyncio.create_task(it.manager.unload("fault"))
    await asyncio.sleep(0.2)
    await it.manager.stop()
    async with asyncio.timeout(2):
        await asyncio.gather(unloading, loading, return_exceptions=True)


async def test_a_model_that_cannot_be_parked_does_not_disturb_its_companion(manage: Manage) -> None:
    it = manage({"a": on_gpu(100, park_fail=True), "b": on_gpu(100)}, gpus=(1000,))
    for model in "ab":
        await it.speak("tone", model)
    speaking = asyncio.create_task(it.speak("tone sleep:0.6 tone", "b"))
    await until(lambda: it.worker.busy == 1)
    await it.manager.park("a")
    assert it.manager.state("a") == "cold"
    assert await speaking == pytest.approx(0.3)


async def test_a_cancel_that_is_cancelled_too_disturbs_nobody(manage: Manage) -> None:
    it = manage({"a": large(20), "b": large(20)})
    for model in "ab":
        await it.manager.load(model)
    leaves = asyncio.create_task(it.speak("sleep:20", "a"))
    other = asyncio.create_task(it.speak("tone sleep:1 tone", "b"))
    await until(lambda: it.worker.busy == 2)
    leaves.cancel()
    await asyncio.sleep(0)
    leaves.cancel()
    await asyncio.gather(leaves, return_exceptions=True)
    await it.manager.park("a")
    assert await other == pytest.approx(0.3) and not it.exits()


async def test_a_process_that_ends_as_its_user_comes(manage: Manage) -> None:
    it = manage({"fault": {"parameters": {"load_seconds": 0.2}}})
    ended: list[int] = []

    def end(event: Event) -> None:
        if isinstance(event, ModelStateChanged) and event.state == "resident" and not ended:
            ended.append(it.kill())

    it.bus.subscribe(end)
    try:
        assert await it.speak("tone") == pytest.approx(0.1)
    except SpeechError as error:
        assert "try again" in str(error)
    assert ended and not it.manager.residents.is_used("fault")


async def test_a_wrong_time_to_stay_takes_no_hold_of_the_model(manage: Manage) -> None:
    it = manage()
    await it.speak("tone")
    with pytest.raises(ValueError, match="a time such as 5m"):
        await it.speak("tone", keep_alive="nonsense")
    async with asyncio.timeout(2):
        await it.manager.unload("fault")


# What is told and kept


async def test_a_standby_model_that_does_not_fit_is_told(manage: Manage) -> None:
    it = manage({"a": {"standby": True, "ram": "900MB"}}, models__host_memory="300MB")
    it.manager.start()
    await until(lambda: it.states("a") == ["failed"])


async def test_sentences_of_one_text_do_not_load_their_model_anew(manage: Manage) -> None:
    it = manage()
    for _ in range(3):
        await it.speak("tone", keep_alive=0)
    assert it.states().count("loading") == 1
    await until(lambda: it.manager.state("fault") == "cold")


async def test_an_environment_may_have_the_name_of_its_model(manage: Manage, tmp_path: Path) -> None:
    it = manage({"chatterbox": {"environment": "chatterbox", "ram": "1MB", "parameters": {"megabytes": 120}}})
    await it.speak("tone", "chatterbox")
    await it.manager.stop()
    kept = json.loads((tmp_path / "memory.json").read_text())
    assert kept["chatterbox cpu"]["resident"] == pytest.approx(120 * MEGABYTE, rel=0.1)
