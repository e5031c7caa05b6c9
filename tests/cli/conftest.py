"""The command line, in this process and as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from wyoming_openspeakers.cli.main import run

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    status: int
    out: str
    err: str


Cli = Callable[..., Outcome]


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder for all commands."""
    return tmp_path_factory.mktemp("cli") / "data"


@pytest.fixture
def cli(data_dir: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Run a command in this process."""
    monkeypatch.setenv("XDG_DATA_HOME", str(data_dir))

    def call(*arguments: str) -> Outcome:
        try:
            status = run(arguments)
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        out, err = capfd.readouterr()
        return Outcome(status, out, err)

    return call


def environment(data_dir: Path) -> dict[str, str]:
    """The environment of a command's process; its output is buffered, as in a user's pipe."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return {**kept, "XDG_DATA_HOME": str(data_dir), "PYTHONPATH": str(ROOT)}


@pytest.fixture
def begin(data_dir: Path) -> Callable[..., subprocess.Popen[bytes]]:
    """Start a command as a process."""

    def start(*arguments: str, stderr: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "wyoming_openspeakers", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=environment(data_dir), stdin=pipe, stdout=pipe, stderr=stderr)

    return start
