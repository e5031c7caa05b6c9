"""A service with the voices of another one, both as processes: listed, heard, cancelled, lost and found again."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from conftest import ServeProcess
from openai_client import serve_models
from remote_server import LONG, Caller, dead_port, fault_server, loaded, until
from wyoming_client import Client

from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec, engine_class
from wyoming_openspeakers.engines.control import Cancelled
from wyoming_openspeakers.engines.remote import watch

OFF = {"enabled": False}


@pytest.fixture(scope="module")
def near(default_service: ServeProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeProcess]:
    """A service that has no voices of its own."""
    far = {
        "web": {"engine": "openai_remote", "parameters": {"url": f"{default_service.url}/v1"}},
        "wire": {"engine": "wyoming_remote", "parameters": {"url": default_service.uri}},
        "dead": {"engine": "openai_remote", "parameters": {"url": f"http://127.0.0.1:{dead_port()}"}},
    }
    tree = {"models": {"hibari": OFF, "kokoro": OFF, "piper": OFF, **far}}
    process = serve_models(tmp_path_factory.mktemp("near"), tree)
    yield process
    process.stop()


async def wait_for_voices(service: ServeProcess, *names: str) -> None:
    deadline = time.monotonic() + 10
    found: set[str] = set()
    while not found.issuperset(names):
        assert time.monotonic() < deadline, found
        async with Client(service.uri) as client:
            info = (await client.info()).data
        found = {voice["name"] for program in info["tts"] for voice in program["voices"]}
        await asyncio.sleep(0.1)


def connections(port: int) -> int:
    """How many are connected to a port of this machine."""
    found = psutil.net_connections("tcp")
    return sum(one.status == psutil.CONN_ESTABLISHED and one.laddr[1] == port for one in found if one.laddr)


@pytest.mark.slow
async def test_the_voices_of_another_service_are_ours(near: ServeProcess) -> None:
    names = ("web/hibari/heart", "wire/hibari/heart")
    await wait_for_voices(near, *names)
    for name in names:
        async with Client(near.uri) as client:
            answer = await client.synthesize(f"Good morning, {name}.", name)
            assert answer.error is None and 0.5 < answer.seconds < 6


@pytest.mark.slow
@pytest.mark.parametrize("model", ["web", "wire"])
async def test_who_hangs_up_on_us_is_hung_up_there(
    near: ServeProcess, default_service: ServeProcess, model: str
) -> None:
    await wait_for_voices(near, f"{model}/hibari/heart")
    port = int((default_service.url if model == "web" else default_service.uri).rpartition(":")[2].rstrip("/"))
    async with Client(near.uri) as client:
        await client.send("synthesize", text=f"{model}. {LONG}", voice={"name": f"{model}/hibari/heart"})
        while (event := await client.read()) and event.type != "audio-chunk":
            assert event.type != "error", event.data
    left = time.monotonic()
    while connections(port):
        assert time.monotonic() - left < 0.5
        await asyncio.sleep(0.005)


@pytest.mark.slow
def test_a_server_that_is_killed_is_missed_and_found_again(
    tmp_path: Path, serve: Callable[..., ServeProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ASK_EVERY", "ASK_AGAIN", "SOON"):
        monkeypatch.setattr(watch, name, 0.2)
    address = f"127.0.0.1:{dead_port()}"
    server = serve("--http", address, data_dir=tmp_path / "one")
    spec = ModelSpec("far", "openai_remote", cache_path=str(tmp_path), parameters={"url": f"http://{address}"})
    engine = loaded(spec).engine
    until(lambda: engine.voices(spec))
    chunks = engine.stream(EngineRequest(LONG, "hibari/heart"))
    assert next(chunks).samples.size
    for pid in [child.pid for child in psutil.Process(server.process.pid).children(recursive=True)]:
        os.kill(pid, signal.SIGKILL)
    server.tell(signal.SIGKILL)
    with pytest.raises(EngineError, match="hung up in the middle"):
        list(chunks)
    until(lambda: "is it running?" in (engine.problem(spec) or ""))
    assert engine.voices(spec) == []
    serve("--http", address, data_dir=tmp_path / "two")
    until(lambda: engine.problem(spec) is None)
    assert engine.voices(spec)


@pytest.mark.slow
def test_nothing_is_left_of_requests_that_were_cut_off_at_any_moment() -> None:
    def script(caller: Caller) -> None:
        time.sleep(chance.random() * 0.01)
        caller.begin()
        for _ in range(20):
            caller.chunk(bytes(480))
            time.sleep(0.001)
        caller.chunk(b"")

    chance = random.Random(1)
    with fault_server(script) as server:
        engine = engine_class("openai_remote")()
        engine.load(ModelSpec("far", "openai_remote", parameters={"url": server.url}), "cpu")

        def speak(delay: float) -> str:
            request = EngineRequest("Hello.", "nova")
            timer = threading.Timer(delay, request.cancel.set)
            timer.start()
            try:
                count = sum(audio.samples.size for audio in engine.stream(request))
                return "whole" if count == 20 * 240 else f"{count} samples"
            except Cancelled:
                return "cancelled"
            finally:
                timer.cancel()

        before = open_sockets()
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(speak, [chance.random() * 0.06 for _ in range(160)]))
        assert set(outcomes) == {"whole", "cancelled"}
        until(lambda: open_sockets() <= before)


def open_sockets() -> int:
    return sum(one.type == socket.SOCK_STREAM for one in psutil.Process().net_connections("tcp"))
