"""`health` asks as Home Assistant does: it is well only where somebody could speak."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from wyoming_openspeakers.cli.health import Unwell, ask, main, own_uri, speaking_voices

ROOT = Path(__file__).parents[2]


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does this with its one client."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def said(data: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(data)

    return answer


def test_a_service_that_speaks_is_well(default_service: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([default_service.uri]) == 0
    assert capsys.readouterr().out.startswith(f"{default_service.uri}: well, ")


def test_it_loads_next_to_nothing(default_service: Any) -> None:
    code = (
        "import sys; sys.argv = ['health', sys.argv[1]]; from wyoming_openspeakers.cli.health import main\n"
        "assert main() == 0; print(len(sys.modules), *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, default_service.uri], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = done.stdout.splitlines()[-1].split()
    assert not {"pydantic", "aiohttp", "numpy", "yaml"} & set(loaded) and int(loaded[0]) < 250


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "does not answer as Wyoming does"),
        (b'{"type": "pong"}\n', "does not answer as Wyoming does"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not answer as Wyoming does"),
        (b"[]\n", "does not answer as Wyoming does"),
        (b'{"type": "info", "data": {"tts": []}}\n', "no voice to speak with"),
    ],
)
def test_what_is_no_service_is_not_well(data: bytes, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(said(data)) as uri:
        assert main([uri]) == 1
    assert why in capsys.readouterr().out


@pytest.mark.slow
def test_a_service_that_hangs_is_not_waited_for() -> None:
    def drip(connection: socket.socket) -> None:
        connection.settimeout(5)
        for _ in range(20):
            try:
                connection.sendall(b'{"type": "other"}\n')
            except OSError:
                return
            time.sleep(0.1)

    began = time.monotonic()
    with pytest.raises(Unwell, match=r"within 0\.5 s"), answering(drip) as uri:
        try:
            ask(uri, 0.5)
        finally:
            assert time.monotonic() - began < 1


def test_nobody_at_home_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert main([f"tcp://127.0.0.1:{port}"]) == 1
    assert main([f"unix://{tmp_path}/none.sock"]) == 1
    assert main(["http://127.0.0.1:8080"]) == 1
    out = capsys.readouterr().out
    assert "refused" in out and "No such file" in out and "must look like tcp://" in out


def test_a_unix_socket_is_asked_too(tmp_path: Path) -> None:
    path = tmp_path / "speech.sock"
    info = {"type": "info", "data": {"tts": [{"installed": True, "voices": [{"name": "a", "installed": True}]}]}}
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                said(json.dumps(info).encode() + b"\n")(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        assert speaking_voices(ask(f"unix://{path}")) == ["a"]
        thread.join()


def test_only_voices_that_are_installed_count() -> None:
    program = {"installed": True, "voices": [{"name": "a", "installed": False}, {"name": "b", "installed": True}]}
    assert speaking_voices({"tts": [program]}) == ["b"]
    with pytest.raises(Unwell):
        speaking_voices({"tts": [{**program, "installed": False}]})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", "tcp://127.0.0.1:10200"),
        ("[tcp://0.0.0.0:10300]", "tcp://0.0.0.0:10300"),
        ("['unix:///run/a.sock', 'tcp://0.0.0.0:1']", "unix:///run/a.sock"),
        ("tcp://[::]:10200", "tcp://[::]:10200"),
    ],
)
def test_where_the_service_listens_is_known_from_its_variable(value: str, expected: str) -> None:
    assert own_uri({"OPENSPEAKERS__WYOMING__URIS": value}) == expected


def test_a_service_on_all_addresses_is_asked_on_its_own() -> None:
    with answering(said(b'{"type": "info"}\n')) as uri:
        assert ask(uri.replace("127.0.0.1", "0.0.0.0")) == {}
