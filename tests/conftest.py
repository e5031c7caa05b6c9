"""Real services for tests: in this process with an engine that fails on command, or as a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from processes import SHARED

from wyoming_openspeakers.no_telemetry import be_silent

if TYPE_CHECKING:
    from wyoming_openspeakers.service import Service

TESTS = Path(__file__).parent
ROOT = TESTS.parent

FAULT_MODELS: dict[str, Any] = {
    "models": {
        **{name: {"enabled": False} for name in yaml.safe_load((ROOT / "models.yaml").read_text("utf-8"))["models"]},
        "fault": {"engine": "faults.engine", "name": "Fault", "voice": "plain", "standby": True},
    }
}

StartService = Callable[..., Any]

# Hundreds of processes import the same modules: whoever wants no bytecode would wait for each to compile them anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Some tests load engines in this process.
be_silent()


@pytest.fixture(autouse=True)
def importable_in_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let worker processes import the engine for faults."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(TESTS), str(ROOT)]))


@asynccontextmanager
async def running(data_dir: Path, models: dict[str, Any] | None = None, **flags: Any) -> AsyncIterator[Service]:
    """A service in this process, on free ports of the loopback interface."""
    from wyoming_openspeakers.config import load_config
    from wyoming_openspeakers.service import Service

    models_file = data_dir / "models.yaml"
    models_file.write_text(yaml.safe_dump(models if models is not None else FAULT_MODELS))
    config = load_config(
        flags={
            "data_dir": str(data_dir / "data"),
            "wyoming.uris": ["tcp://127.0.0.1:0"],
            "wyoming.zeroconf": False,
            "http.address": "127.0.0.1:0",
            "text.numbers": False,
            **{name.replace("__", "."): value for name, value in flags.items()},
        }
    )
    service = Service(config, models_file)
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Start a service: `service = await start(limits__first_audio=1)`; it is stopped at the end."""
    async with AsyncExitStack() as stack:
        count = 0

        async def begin(models: dict[str, Any] | None = None, **flags: Any) -> Service:
            nonlocal count
            count += 1
            folder = tmp_path / f"service{count}"
            folder.mkdir()
            return await stack.enter_async_context(running(folder, models, **flags))

        yield begin
        tasks_before_stop = asyncio.all_tasks()
        assert tasks_before_stop


class ServeProcess:
    """`wyoming-openspeakers serve` as a user runs it."""

    def __init__(
        self, data_dir: Path, arguments: Sequence[str] = (), environment: dict[str, str] | None = None
    ) -> None:
        command = [sys.executable, "-m", "wyoming_openspeakers", "serve", "--data-dir", str(data_dir)]
        if not any(argument == "--uri" for argument in arguments):
            command += ["--uri", "tcp://127.0.0.1:0"]
        if not any(argument == "--http" for argument in arguments):
            command += ["--http", "127.0.0.1:0"]
        if "--zeroconf" not in arguments:
            command += ["--no-zeroconf"]
        # A file, for a pipe that nobody reads is full at some time.
        with tempfile.TemporaryFile() as file:
            self._log = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._log)
        self.process = subprocess.Popen(
            [*command, *arguments],
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(ROOT)]), **(environment or {})},
        )
        self.is_told = False
        assert self.process.stdout is not None
        self.ready = self.process.stdout.readline()
        self.addresses = self.ready.split()[1:]

    @property
    def uri(self) -> str:
        """Where it speaks Wyoming."""
        return next(address for address in self.addresses if address.startswith(("tcp:", "unix:")))

    @property
    def url(self) -> str:
        """Where it speaks HTTP."""
        return next(address for address in self.addresses if address.startswith("http:"))

    def tell(self, number: signal.Signals) -> None:
        """Send a signal; `stop` sends no second one, which might find the handlers gone."""
        self.is_told = True
        self.process.send_signal(number)

    def stop(self) -> tuple[int, str]:
        """End it in good order; its exit status and what it logged."""
        if self.process.poll() is None and not self.is_told:
            self.tell(signal.SIGTERM)
        self.process.communicate(timeout=30)
        return self.process.returncode, self.logged()

    def logged(self) -> str:
        """What it has logged so far."""
        return os.pread(self._log, os.fstat(self._log).st_size, 0).decode()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., ServeProcess]]:
    """Start `serve` as a process; it is ended at the end."""
    processes: list[ServeProcess] = []

    def begin(*arguments: str, data_dir: Path | None = None, **environment: str) -> ServeProcess:
        process = ServeProcess(data_dir or tmp_path / "data", arguments, environment)
        processes.append(process)
        return process

    yield begin
    for process in processes:
        process.stop()


@pytest.fixture(scope="session")
def default_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeProcess]:
    """A service with the default voice, shared by all tests that only speak."""
    process = ServeProcess(tmp_path_factory.mktemp("default") / "data")
    SHARED.add(process.process.pid)
    yield process
    process.stop()
