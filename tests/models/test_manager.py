"""Models in worker processes: loaded on demand, kept, brought back, and never waited for without end."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from managed import Manage, until
from processes import children as left_behind

from wyoming_openspeakers.errors import (
    ModelUnavailable,
    OutOfMemory,
    ShuttingDown,
    SpeechError,
    SynthesisFailed,
    Timeout,
    UnknownModel,
)
from wyoming_openspeakers.models.profiles.profile import Profile, Sample

pytestmark = pytest.mark.slow

# Loading


async def test_a_model_is_loaded_when_it_is_first_needed(manage: Manage) -> None:
    it = manage()
    assert (it.manager.state("fault"), it.manager.workers()) == ("cold", ())
    assert await it.speak("tone tone") == pytest.approx(0.2)
    assert it.manager.state("fault") == "resident"
    pid = it.worker.pid
    assert await it.speak("tone") == pytest.approx(0.1)
    assert (it.worker.pid, it.states()) == (pid, ["loading", "resident"])


async def test_what_shall_be_ready_is_loaded_at_the_start(manage: Manage) -> None:
    models = {"first": {}, "standing": {"standby": True}, "wanted": {}, "other": {}}
    it = manage(models, models__preload=["wanted"])
    it.manager.start()
    await until(lambda: all(it.manager.state(model) == "resident" for model in ("first", "standing", "wanted")))
    assert it.manager.state("other") == "cold"


async def test_an_unknown_model_is_an_error_at_the_start(manage: Manage) -> None:
    it = manage(models__preload=["nonsense"])
    with pytest.raises(UnknownModel, match="no model 'nonsense'; models: fault"):
        it.manager.start()


async def test_unknown_voices_in_the_settings_are_told_at_the_start(
    manage: Manage, caplog: pytest.LogCaptureFixture
) -> None:
    it = manage(voice__default="gone/voice", voice__by_language={"de": "also/gone", "en": "plain"})
    it.manager.start()
    assert "voice.default: there is no voice 'gone/voice'" in caplog.text
    assert "voice.by_language.de: there is no voice 'also/gone'" in caplog.text
    assert "by_language.en" not in caplog.text


async def test_ten_requests_at_once_load_once(manage: Manage) -> None:
    it = manage({"fault": {"parameters": {"load_seconds": 0.2}}})
    spoken = await asyncio.gather(*(it.speak("tone", client=str(number)) for number in range(10)))
    assert spoken == pytest.approx([0.1] * 10)
    assert it.states() == ["loading", "resident"]
    assert len(list(it.manager.workers())) == 1


async def test_waiting_for_a_model_to_load_is_not_waiting_for_a_turn(manage: Manage) -> None:
    it = manage({"fault": {"parameters": {"load_seconds": 0.8}}}, limits__queue_wait=0.5)
    spoken = await asyncio.gather(*(it.speak("tone", client=str(number)) for number in range(10)))
    assert spoken == pytest.approx([0.1] * 10)


async def test_models_of_one_environment_share_a_process(manage: Manage) -> None:
    shared = {"environment": "shared"}
    it = manage({"a": shared, "b": shared, "c": {}, "d": {}})
    spoken = await asyncio.gather(*(it.speak("tone " * (n + 1), model) for n, model in enumerate("abcd")))
    assert spoken == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert sorted(worker.name for worker in it.manager.workers()) == ["service/faults.engine", "shared"]
    pid = next(worker.pid for worker in it.manager.workers() if worker.name == "shared")
    os.kill(pid, signal.SIGKILL)
    await until(lambda: bool(it.exits()))
    assert [it.manager.state(model) for model in "abcd"] == ["cold", "cold", "resident", "resident"]


@pytest.mark.parametrize(
    ("parameters", "error", "words"),
    [
        ({"load_fail": True}, ModelUnavailable, "Model fault cannot be loaded: the weights are damaged; download"),
        ({"load_crash": True}, SynthesisFailed, "ended before fault was loaded; `wyoming-openspeakers check` may tell"),
        ({"load_seconds": "x"}, ModelUnavailable, "Model fault cannot be loaded: TypeError"),
    ],
)
async def test_a_model_that_cannot_be_loaded(
    manage: Manage, parameters: dict[str, Any], error: type[SpeechError], words: str
) -> None:
    it = manage({"fault": {"parameters": parameters}, "good": {}})
    with pytest.raises(error, match=words):
        await it.speak("tone")
    await until(lambda: it.states()[-1] == "failed")
    assert it.manager.state("fault") == "cold"
    assert await it.speak("tone", "good") == pytest.approx(0.1)


async def test_a_process_that_cannot_be_started(manage: Manage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*arguments: object, **options: object) -> None:
        raise OSError(24, "Too many open files")

    it = manage()
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "create_subprocess_exec", fails)
        with pytest.raises(SynthesisFailed, match="cannot be started: Too many open files"):
            await it.speak("tone")
    assert await it.speak("tone") == pytest.approx(0.1)


async def test_a_model_that_does_not_load_in_time(manage: Manage) -> None:
    it = manage({"fault": {"parameters": {"load_seconds": 30}}}, limits__model_load=0.6)
    began = time.monotonic()
    load = asyncio.create_task(it.speak("tone"))
    await until(lambda: bool(it.manager.workers()))
    pid = it.worker.pid
    with pytest.raises(Timeout, match=r"fault was not loaded within 0\.6 s"):
        await load
    await until(lambda: not psutil.pid_exists(pid), 1)
    assert time.monotonic() - began < 2
    assert it.manager.state("fault") == "cold"


# Crashes


async def test_what_is_kept_comes_back_after_a_crash_by_itself(manage: Manage) -> None:
    it = manage({"first": {}, "fault": {"standby": True}, "other": {}})
    it.manager.start()
    await it.manager.load("fault")
    await it.manager.load("other")
    pid = it.kill()
    await until(lambda: it.states() == ["loading", "resident", "cold", "loading", "resident"])
    assert it.worker.pid != pid
    assert it.manager.state("other") == "cold"


async def test_a_segment_that_had_not_begun_is_spoken_by_the_next_worker(
    manage: Manage, caplog: pytest.LogCaptureFixture
) -> None:
    it = manage()
    await it.manager.load("fault")
    speaking = [asyncio.create_task(it.speak("sleep:0.2 tone", client=str(number))) for number in range(3)]
    await asyncio.sleep(0.1)
    pid = it.kill()
    assert await asyncio.gather(*speaking) == pytest.approx([0.2] * 3)
    assert it.worker.pid != pid
    assert it.exits()[0].reason == "signal 9" and not it.exits()[0].expected


async def test_a_segment_that_had_begun_is_one_clear_error(manage: Manage) -> None:
    it = manage()
    await it.manager.load("fault")
    speaking = asyncio.create_task(it.speak("tone sleep:20 tone"))
    await asyncio.sleep(0.2)
    it.kill()
    with pytest.raises(SynthesisFailed, match="ended while it spoke; it was restarted, try again"):
        await speaking
    assert await it.speak("tone") == pytest.approx(0.1)


async def test_what_kills_every_worker_is_tried_twice_and_no_more(manage: Manage) -> None:
    it = manage()
    with pytest.raises(SynthesisFailed, match="try again"):
        await it.speak("crash")
    assert [event.reason for event in it.exits()] == ["exit status 3"] * 2


def delays(caplog: pytest.LogCaptureFixture) -> list[float]:
    """How long was told that workers may not start again."""
    return [record.args[2] for record in caplog.records if "may start again" in record.msg]  # type: ignore[index,misc]


@pytest.mark.slow
async def test_what_goes_on_crashing_is_slowed_down_until_it_speaks(
    manage: Manage, caplog: pytest.LogCaptureFixture
) -> None:
    it = manage()
    began = time.monotonic()
    for _ in range(2):
        with pytest.raises(SynthesisFailed):
            await it.speak("crash")
    assert delays(caplog) == [0, 0.5, 1, 2]
    assert time.monotonic() - began > 0.5 + 1
    it.manager.residents.workers._start_after.clear()
    await it.speak("tone")
    it.kill()
    began = time.monotonic()
    await it.speak("tone")
    assert delays(caplog)[-1] == 0
    assert time.monotonic() - began < 2


@pytest.mark.slow
async def test_nobody_waits_long_for_what_keeps_crashing(manage: Manage) -> None:
    it = manage()
    for _ in range(3):
        it.manager.residents.workers._start_after.clear()
        with pytest.raises(SynthesisFailed, match="try"):
            await it.speak("crash")
    began = time.monotonic()
    with pytest.raises(SynthesisFailed, match="keeps ending; it may start again in 4 s, try then"):
        await it.speak("tone")
    assert time.monotonic() - began < 1


async def test_what_is_kept_comes_back_even_when_it_dies_as_it_loads(manage: Manage) -> None:
    it = manage({"fault": {"standby": True, "parameters": {"load_seconds": 0.3}}})
    it.manager.start()
    for _ in range(2):
        await until(lambda: bool(it.manager.workers()))
        pid = it.kill()
        await until(lambda pid=pid: pid not in [worker.pid for worker in it.manager.workers()])  # type: ignore[misc]
    await until(lambda: it.manager.state("fault") == "resident")
    assert it.states().count("failed") == 2


async def test_what_is_kept_and_damaged_is_not_tried_again_and_again(manage: Manage) -> None:
    it = manage({"fault": {"standby": True, "parameters": {"load_fail": True}}})
    it.manager.start()
    await until(lambda: "failed" in it.states())
    await asyncio.sleep(0.1)
    assert (it.states(), it.manager.state("fault")) == (["loading", "failed"], "cold")


async def test_a_stuck_engine_is_ended_and_replaced(manage: Manage) -> None:
    it = manage(limits__first_audio=0.3)
    await it.manager.load("fault")
    pid = it.worker.pid
    with pytest.raises(Timeout, match=r"no audio for 0\.3 s"):
        await it.speak("hang")
    await until(lambda: not psutil.pid_exists(pid), 1)
    assert await it.speak("tone") == pytest.approx(0.1)


# Leaving


async def test_leaving_while_it_speaks_frees_the_turn_and_the_worker_at_once(manage: Manage) -> None:
    it = manage()
    await it.manager.load("fault")
    speaking = [asyncio.create_task(it.speak("tone sleep:60 tone", client=str(number))) for number in range(12)]
    await until(lambda: it.manager.waiting() == 8 and it.worker.busy == 4)
    await asyncio.sleep(0.1)
    pid, began = it.worker.pid, time.monotonic()
    for task in speaking:
        task.cancel()
    await asyncio.gather(*speaking, return_exceptions=True)
    assert time.monotonic() - began < 0.2
    assert (it.manager.waiting(), it.worker.busy, it.worker.pid) == (0, 0, pid)
    assert await it.speak("tone") == pytest.approx(0.1)


async def test_leaving_while_it_loads_takes_the_model_from_nobody_else(manage: Manage) -> None:
    it = manage({"fault": {"parameters": {"load_seconds": 0.3}}})
    leaver, stayer = asyncio.create_task(it.speak("tone")), asyncio.create_task(it.speak("tone"))
    await asyncio.sleep(0.1)
    leaver.cancel()
    assert await stayer == pytest.approx(0.1)
    assert leaver.cancelled() and it.states() == ["loading", "resident"]


async def test_leaving_an_engine_that_does_not_let_go_costs_its_process(manage: Manage) -> None:
    it = manage(limits__cancel=0.2)
    await it.manager.load("fault")
    pid = it.worker.pid
    speaking = asyncio.create_task(it.speak("hang"))
    await asyncio.sleep(0.1)
    speaking.cancel()
    await until(lambda: not psutil.pid_exists(pid), 1)
    assert await it.speak("tone") == pytest.approx(0.1)


# The end


async def test_stopping_in_the_middle_of_everything_leaves_nothing_and_tells_everyone(manage: Manage) -> None:
    me = psutil.Process()
    files = me.num_fds()
    it = manage({"fault": {}, "slow": {"parameters": {"load_seconds": 30}, "environment": "other"}})
    await it.manager.load("fault")
    begun = asyncio.create_task(it.speak("tone sleep:60 tone"))
    hanging = asyncio.create_task(it.speak("hang"))
    loading = asyncio.create_task(it.speak("tone", "slow"))
    await asyncio.sleep(0.3)
    began = time.monotonic()
    await it.manager.stop()
    assert time.monotonic() - began < 2
    answers = await asyncio.gather(begun, hanging, loading, return_exceptions=True)
    assert [type(answer) for answer in answers] == [ShuttingDown] * 3
    with pytest.raises(ShuttingDown):
        await it.speak("tone")
    assert all(event.expected for event in it.exits())
    assert not left_behind()
    await until(lambda: me.num_fds() <= files, 1)


async def test_stopping_at_any_moment_of_a_start_leaves_nothing(manage: Manage) -> None:
    me = psutil.Process()
    files = me.num_fds()
    for step in range(6):
        it = manage({"fault": {"standby": True}})
        it.manager.start()
        await asyncio.sleep(0.004 * step * step)
        await it.manager.stop()
        assert not left_behind(), step
    await until(lambda: me.num_fds() <= files, 1)


# All at once


@pytest.mark.slow
async def test_three_hundred_requests_while_the_worker_is_killed_again_and_again(manage: Manage) -> None:
    it = manage({"fault": {"standby": True}}, limits__queue=1000, limits__queue_wait=60)
    it.manager.start()
    chance = random.Random(7)
    killed = 0
    answers: list[str] = []

    async def ask(number: int) -> None:
        words = chance.choice(["tone", "sleep:0.03 tone", "tone sleep:0.05 tone"])
        await asyncio.sleep(chance.random() * 12)
        try:
            answers.append("spoken" if await it.speak(words, client=str(number % 9)) > 0.05 else "nothing")
        except SpeechError as error:
            answers.append(error.code)

    async def kill() -> None:
        nonlocal killed
        while True:
            await asyncio.sleep(chance.uniform(0.05, 0.35))
            if it.manager.state("fault") != "resident" and chance.random() > 0.05:
                # Seldom while it loads, or none would ever speak.
                continue
            for worker in it.manager.workers():
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)
                    killed += 1

    async with asyncio.timeout(100):
        killer = asyncio.create_task(kill())
        await asyncio.gather(*(ask(number) for number in range(300)))
        killer.cancel()
        await asyncio.wait([killer])
    assert len(answers) == 300 and set(answers) <= {"spoken", "synthesis-failed"}, sorted(set(answers))
    # How many is a matter of the machine.
    assert killed > 5 and answers.count("spoken") > 5
    it.manager.residents.workers._start_after.clear()
    assert await it.speak("tone") == pytest.approx(0.1)
    assert (it.manager.waiting(), it.worker.busy) == (0, 0)


async def test_what_engines_derived_from_a_recording_goes_with_it(manage: Manage, tmp_path: Path) -> None:
    forgotten = tmp_path / "forgotten"
    sample = Sample("s", 5, 24_000, -20, "digest")
    profiles = [Profile("p", "Grandma", "cloned", "mimic", samples=(sample,), folder=Path("/nowhere"))]
    mimic = {"engine": "faults.mimic", "parameters": {"forgotten": str(forgotten)}}
    it = manage({"mimic": mimic}, profiles=profiles)
    await it.manager.load("mimic")
    await it.manager.renew_voices()
    assert not forgotten.exists()
    profiles.clear()
    await it.manager.renew_voices()
    await until(forgotten.exists)
    assert forgotten.read_text() == "digest\n"


async def test_a_model_that_memory_can_never_hold_gives_way_to_another(manage: Manage) -> None:
    models = {
        "huge": {"ram": "64GB", "parameters": {"languages": ["de-DE"]}},
        "lost": {"device": "cuda", "parameters": {"languages": ["de-DE"]}},
        "small": {"ram": "1MB", "parameters": {"languages": ["de-DE"]}},
    }
    it = manage(models, models__host_memory="1GB")
    assert it.manager.catalog.default("de").model == "small"
    with pytest.raises(OutOfMemory, match=r"does not fit.*take a smaller model"):
        await it.speak("tone", "huge")
    assert manage({"huge": models["huge"]}).manager.catalog.default("de").model == "huge"
