"""The servers under test: ours and wyoming-piper, started for a measurement and ended after it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import at_hand
import psutil
from bench.client import describe, get_info
from bench.setup import Setup

PIPER_VOICE = "en_US-joe-medium"
_START_SECONDS = 120.0
_STOP_SECONDS = 8.0


@dataclass(frozen=True)
class Server:
    """A running server."""

    name: str
    port: int
    process: psutil.Process
    log: Path
    started_in: float
    """Seconds from the start of the process until it said that it was ready."""

    voices: Mapping[str, Sequence[str]]
    """Those that are installed, with the languages of each."""

    http_port: int | None = None

    @property
    def is_ours(self) -> bool:
        """Whether this is our service, with its engines and its HTTP side."""
        return self.http_port is not None

    def voice(self, engine: str, name: str) -> str:
        """The name of a voice on this server, which must have it: a fallback would be measured in its place."""
        full = f"{engine}/{name}" if self.is_ours else name
        if full not in self.voices:
            raise LookupError(f"{self.name} has no voice {full}")
        return full

    def memory(self) -> float:
        """Resident megabytes of the main process."""
        return float(self.process.memory_info().rss) / 1e6

    def family_memory(self) -> float:
        """Resident megabytes of the main process and all its children."""
        return self.memory() + sum(child.memory_info().rss / 1e6 for child in self.process.children(recursive=True))

    def says_about(self, path: str) -> dict[str, object]:
        """An HTTP document of the server as a tree, empty when there is none."""
        if self.http_port is None:
            return {}
        url = f"http://127.0.0.1:{self.http_port}{path}"
        # An unhealthy server answers with a status that urllib raises: no document either.
        with contextlib.suppress(OSError, ValueError), urllib.request.urlopen(url, timeout=2) as answer:
            tree = json.load(answer)
            if isinstance(tree, dict):
                return tree
        return {}


@contextlib.contextmanager
def our_server(setup: Setup, cache: bool = False, voice: str = "", data: Path | None = None) -> Iterator[Server]:
    """Our service with the benchmark's models, on ports of its own and with data of its own, or what is in `data`."""
    if setup.against_itself:
        with wyoming_piper(setup, name="ours") as server:
            yield server
        return
    port, http_port = free_port(), free_port()
    folder = setup.folder / f"ours-{port}"
    folder.mkdir()
    config = folder / "config.yaml"
    tree = {
        "cache": {"enabled": cache},
        "models": {"paths": [str(folder) for folder in at_hand.folders(setup.assets)]},
        "voice": {"default": voice},
        "wyoming": {"max_connections": 1000},
    }
    config.write_text(json.dumps(tree), encoding="utf-8")
    command = [
        *setup.command, "serve", "--uri", f"tcp://127.0.0.1:{port}", "--http", f"127.0.0.1:{http_port}",
        "--data-dir", str(data or folder / "data"), "--no-zeroconf", "--config", str(config),
    ]  # fmt: skip
    log = folder / "log"

    def is_ready() -> bool:
        return any(line.startswith("Ready") for line in log.read_text(errors="replace").splitlines())

    with _running(command, log, is_ready) as (process, seconds):
        yield Server("ours", port, process, log, seconds, _voices(port), http_port)


@contextlib.contextmanager
def wyoming_piper(setup: Setup, name: str = "wyoming-piper") -> Iterator[Server]:
    """wyoming-piper as its package starts it."""
    port = free_port()
    folder = setup.folder / f"wyoming-piper-{port}"
    folder.mkdir()
    command = [
        sys.executable, "-m", "wyoming_piper", "--voice", PIPER_VOICE, "--uri", f"tcp://127.0.0.1:{port}",
        "--data-dir", str(setup.assets / "piper"), "--download-dir", str(folder),
    ]  # fmt: skip
    log = folder / "log"

    def is_ready() -> bool:
        with contextlib.suppress(OSError, TimeoutError, EOFError):
            asyncio.run(describe(port, patience=5))
            return True
        return False

    with _running(command, log, is_ready) as (process, seconds):
        yield Server(name, port, process, log, seconds, _voices(port))


@contextlib.contextmanager
def _running(
    command: Sequence[str], log: Path, is_ready: Callable[[], bool]
) -> Iterator[tuple[psutil.Process, float]]:
    """Start a process, wait until it is ready, and end it with all its children whatever happens."""
    began = time.perf_counter()
    with log.open("wb") as output:
        # In a session of its own, so that Ctrl-C reaches this process alone, which then ends the server.
        started = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    process = psutil.Process(started.pid)
    try:
        while not is_ready():
            if started.poll() is not None or time.perf_counter() - began > _START_SECONDS:
                raise RuntimeError(f"{' '.join(command)} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.005)
        yield process, time.perf_counter() - began
    finally:
        family = _family(process)
        if started.poll() is None:
            started.terminate()
        try:
            started.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()


def _voices(port: int) -> dict[str, list[str]]:
    info = asyncio.run(get_info(port))
    return {voice.name: voice.languages for program in info.tts for voice in program.voices if voice.installed}


def _family(process: psutil.Process) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        children: list[psutil.Process] = process.children(recursive=True)
        return children
    return []


def free_port() -> int:
    """A TCP port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
