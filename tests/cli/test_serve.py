"""`serve` as a process: when it says it is ready, and how it starts and stops."""

import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest
from wyoming_client import Client

Serve = Callable[..., Any]


async def test_it_is_ready_once_and_answers_by_then(default_service: Any) -> None:
    assert default_service.ready == f"Ready: {default_service.uri} {default_service.url}\n"
    async with Client(default_service.uri) as client:
        assert (await client.info()).type == "info"
        answer = await client.synthesize("Hello there.")
    assert answer.error is None and answer.rate == 24000 and 0.3 < answer.seconds < 3
    async with aiohttp.ClientSession() as session, session.get(f"{default_service.url}/health") as reply:
        assert (await reply.json())["status"] == "ok"


@pytest.mark.slow
def test_it_ends_in_good_order_and_says_nothing_more(serve: Serve) -> None:
    process = serve("--log-level", "warning")
    workers = psutil.Process(process.process.pid).children(recursive=True)
    began = time.monotonic()
    process.tell(signal.SIGINT)
    out, _ = process.process.communicate(timeout=10)
    assert (process.process.returncode, out, process.logged()) == (0, "", "")
    assert time.monotonic() - began < 5
    assert not psutil.wait_procs(workers, timeout=3)[1]


@pytest.mark.slow
def test_every_address_is_named(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "speech.sock"
    process = serve("--uri", f"unix://{path}", "--uri", "tcp://127.0.0.1:0", "--http", "")
    assert process.addresses[0] == f"unix://{path}" and len(process.addresses) == 2
    assert path.is_socket()


@pytest.mark.slow
def test_a_port_that_is_taken_is_one_line(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = serve("--uri", f"tcp://127.0.0.1:{port}", "--log-level", "error")
        status, err = process.stop()
    assert process.ready == "" and status == 2
    assert err.count("\n") == 1 and str(port) in err and err.startswith("error: ")


@pytest.mark.slow
def test_a_data_folder_that_cannot_be_made_is_one_line(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    status, err = serve(data_dir=tmp_path / "file" / "data").stop()
    assert status == 2 and err.count("\n") == 1 and "--data-dir" in err
