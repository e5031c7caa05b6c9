"""The whole service: it starts, answers without delay, and leaves nothing behind, however it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest
import yaml
from conftest import FAULT_MODELS, ServeProcess
from processes import children as left_behind
from wyoming_client import Client

from wyoming_openspeakers.config import load_config
from wyoming_openspeakers.errors import ConfigError, ShuttingDown
from wyoming_openspeakers.service import Service
from wyoming_openspeakers.speech.request import SpeechRequest

StartService = Callable[..., Any]
Serve = Callable[..., ServeProcess]

STUCK = """
import ctypes
from faults.engine import FaultEngine

class Stuck(FaultEngine):
    def stream(self, request):
        for audio in super().stream(request):
            yield audio
            if "stuck" in request.text:
                ctypes.PyDLL(None).sleep(3600)

ENGINE = Stuck
"""
"""An engine whose native code may hang and hold the interpreter's lock."""


@pytest.fixture
def fault_serve(serve: Serve, tmp_path: Path) -> Serve:
    """Start `serve` with an engine that fails on command; the first worker is there when it returns."""
    (tmp_path / "stuck").mkdir()
    (tmp_path / "stuck" / "engine.py").write_text(STUCK)
    (tmp_path / "models.yaml").write_text(
        yaml.safe_dump({"models": {**FAULT_MODELS["models"], "fault": {"engine": "stuck.engine", "standby": True}}})
    )
    settings = {
        "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]]),
        "OPENSPEAKERS__TEXT__NUMBERS": "off",
    }

    def begin(*arguments: str, **environment: str) -> ServeProcess:
        models = ["--models", str(tmp_path / "models.yaml")]
        process = serve(*models, *arguments, **{**settings, **environment})
        assert process.ready.startswith("Ready: "), process.stop()
        return process

    return begin


def children(process: ServeProcess) -> list[psutil.Process]:
    return psutil.Process(process.process.pid).children(recursive=True)


def gone(processes: list[psutil.Process], seconds: float) -> bool:
    """Whether all of them end in time."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


# However it ends


@pytest.mark.parametrize("text", [pytest.param("tone sleep:60 tone", marks=pytest.mark.slow), "tone stuck"])
@pytest.mark.slow
async def test_no_worker_survives_a_service_that_is_killed(fault_serve: Serve, text: str) -> None:
    process = fault_serve()
    async with Client(process.uri) as client:
        await client.send("synthesize", text=text)
        await client.read_until("audio-chunk")
        workers = children(process)
        assert len(workers) == 1
        await asyncio.sleep(0.1)
        process.process.kill()
        assert gone(workers, 1)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", signal.SIGTERM),
        pytest.param("tone sleep:60 tone", signal.SIGTERM, marks=pytest.mark.slow),
        ("tone stuck", signal.SIGTERM),
        ("", signal.SIGINT),
        pytest.param("tone sleep:60 tone", signal.SIGINT, marks=pytest.mark.slow),
        pytest.param("tone stuck", signal.SIGINT, marks=pytest.mark.slow),
    ],
)
@pytest.mark.slow
async def test_a_signal_ends_it_in_good_order(fault_serve: Serve, text: str, number: signal.Signals) -> None:
    process = fault_serve(OPENSPEAKERS__LIMITS__DRAIN="0.2")
    async with Client(process.uri) as client:
        assert (await client.synthesize("tone")).error is None
        workers = children(process)
        if text:
            await client.send("synthesize", text=text)
            await client.read_until("audio-chunk")
        process.tell(number)
        answer = await client.read_until("error")
    status, errors = await asyncio.to_thread(process.stop)
    assert status == 0, errors
    assert "Traceback" not in errors and "Task " not in errors, errors
    assert workers and gone(workers, 0)
    if text:
        assert answer.error and answer.error["code"] == "shutting-down"


@pytest.mark.slow
async def test_a_worker_outlives_the_terminals_interrupt_until_it_has_spoken(fault_serve: Serve) -> None:
    process = fault_serve()
    async with Client(process.uri) as client:
        await client.send("synthesize", text="tone sleep:0.5 tone")
        await client.read_until("audio-chunk")
        (worker,) = children(process)
        assert os.getsid(worker.pid) != os.getsid(process.process.pid)
        process.tell(signal.SIGINT)
        assert (await client.read_until("audio-stop", "error")).types[-1] == "audio-stop"


@pytest.mark.slow
@pytest.mark.parametrize("flag", ["--uri", "--http"])
def test_a_port_in_use_is_one_clear_line(serve: Serve, flag: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        place = f"127.0.0.1:{port}"
        process = serve("--log-level", "error", flag, f"tcp://{place}" if flag == "--uri" else place)
        workers = children(process) if process.process.poll() is None else []
        status, errors = process.stop()
    assert status == 2
    (line,) = errors.splitlines()
    assert line.startswith("error: Cannot listen on") and place in line and line.endswith(f"choose another with {flag}")
    assert "address already in use" in line.lower()
    assert gone(workers, 1)


@pytest.mark.slow
def test_a_wrong_setting_is_one_clear_line(serve: Serve) -> None:
    status, errors = serve("--http", "nonsense").stop()
    assert status == 2
    (line,) = errors.splitlines()
    assert line.startswith("error: command line: http.address: must look like 127.0.0.1:8080")


# Start and stop


async def test_a_data_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in ("file", "file/below"):
        service = Service(load_config(flags={"data_dir": str(tmp_path / place)}))
        with pytest.raises(ConfigError, match=rf"Cannot use .*{place}: .*; choose another with --data-dir"):
            await service.start(fronts=False)
        await service.stop()


@pytest.mark.slow
async def test_a_start_that_fails_leaves_nothing(tmp_path: Path) -> None:
    me = psutil.Process()
    files, folder = me.num_fds(), str(tmp_path)
    uris = ["tcp://127.0.0.1:0", f"unix://{tmp_path}/missing/socket"]
    flags = {"data_dir": folder, "wyoming.uris": uris, "http.address": "127.0.0.1:0", "wyoming.zeroconf": False}
    with pytest.raises(ConfigError, match="Cannot listen on unix:"):
        await Service(load_config(flags=flags)).start()
    await asyncio.sleep(0.1)
    assert not left_behind()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert me.num_fds() <= files


async def test_stopping_twice_and_starting_again_on_the_same_folder(start: StartService) -> None:
    for _ in range(2):
        service: Service = await start()
        async with Client(service.addresses[0]) as client:
            assert (await client.synthesize("tone")).error is None
        await service.stop()
        await service.stop()
        with pytest.raises(ShuttingDown):
            service.speech.speak(SpeechRequest(), "tone")
        assert not left_behind()


@pytest.mark.slow
async def test_the_clients_of_all_servers_may_finish_in_the_same_time(start: StartService) -> None:
    service: Service = await start(limits__drain=1.0, http__address="127.0.0.1:0")
    (web,) = [address for address in service.addresses if address.startswith("http")]
    speech = {"input": "tone sleep:20 tone", "response_format": "pcm"}
    async with Client(service.addresses[0]) as client, aiohttp.ClientSession() as session:
        await client.send("synthesize", text="tone sleep:20 tone")
        await client.read_until("audio-chunk")
        posting = asyncio.create_task(session.post(f"{web}/v1/audio/speech", json=speech))
        await asyncio.sleep(0.3)
        began = time.perf_counter()
        await service.stop()
        assert 1.0 <= time.perf_counter() - began < 1.8
        await asyncio.gather(posting, return_exceptions=True)


async def test_the_status(start: StartService) -> None:
    service: Service = await start()
    async with Client(service.addresses[0]) as client:
        assert (await client.synthesize("tone")).error is None
        (worker,) = service.manager.workers()
        status = service.status()
        assert status.pop("tasks") == len(asyncio.all_tasks())
        assert set(status["memory"]) == {"cpu"}
        memory = status.pop("memory")["cpu"]
        assert 0 < memory["used"] < memory["budget"]
        assert status | {"version": ""} == {
            "status": "ok",
            "version": "",
            "addresses": service.addresses,
            "models": {"fault": "resident"},
            "gpus": [],
            "workers": [{"name": "service/faults.engine", "pid": worker.pid, "busy": 0}],
            "waiting": 0,
        }
        await client.send("synthesize", text="tone sleep:20 tone")
        await client.read_until("audio-chunk")
        assert service.status()["workers"][0]["busy"] == 1


# The loop is never blocked


@contextmanager
def lag_probe() -> Iterator[list[float]]:
    """Measure, again and again, how much later than it should a task wakes up."""
    lags: list[float] = []

    async def probe() -> None:
        while True:
            due = time.perf_counter() + 0.005
            await asyncio.sleep(0.005)
            lags.append(time.perf_counter() - due)

    task = asyncio.create_task(probe())
    try:
        yield lags
    finally:
        task.cancel()


async def speak_for_four(uri: str, texts: list[str]) -> float:
    """Four clients speak all texts at once; the seconds of audio that they got."""

    async def listen(number: int) -> float:
        seconds = 0.0
        async with Client(uri) as client:
            for text in texts:
                # Nothing from the phrase cache: every client has a text of its own.
                answer = await client.synthesize(f"{text} {'tone ' * number}", context={"cache": False})
                assert answer.error is None, answer.error
                seconds += answer.seconds
        return seconds

    return sum(await asyncio.gather(*(listen(number) for number in range(1, 5))))


def assert_not_blocked(lags: list[float]) -> None:
    """A wait for an engine in the loop would be some hundred milliseconds long; a busy machine may cost a few."""
    ordered = sorted(lags)
    assert len(ordered) > 100
    assert ordered[len(ordered) // 2] < 0.005, ordered[-20:]
    assert ordered[int(len(ordered) * 0.99)] < 0.04, ordered[-20:]
    assert ordered[-1] < 0.2, ordered[-20:]


@pytest.mark.slow
async def test_the_loop_goes_on_while_an_engine_works(start: StartService) -> None:
    service: Service = await start()
    await service.manager.load("fault")
    with lag_probe() as lags:
        assert await speak_for_four(service.addresses[0], ["sleep:0.3 tone", "tone " * 20]) > 8
    assert_not_blocked(lags)


@pytest.mark.slow
async def test_the_loop_goes_on_while_the_default_voice_speaks(start: StartService) -> None:
    service: Service = await start({}, text__numbers=True)
    async with Client(service.addresses[0]) as client:
        assert (await client.synthesize("Ready at 7:30.")).error is None
    text = "The washing machine will be done in 25 minutes. It is 21 degrees in the kitchen, and all doors are closed."
    with lag_probe() as lags:
        assert await speak_for_four(service.addresses[0], [text] * 4) > 80
    assert_not_blocked(lags)
