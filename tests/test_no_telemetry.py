"""Nothing is told to the makers of libraries."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wyoming_openspeakers.models.workers.environment import worker_environment
from wyoming_openspeakers.no_telemetry import NO_TELEMETRY

LOAD = "from hibari import Hibari; Hibari()('Hello.')"


def seen_in(home: Path, *command: str) -> list[str]:
    """The names of what a process leaves in the user's folders when it is not told to be silent."""
    folders = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "XDG_DATA_HOME": str(home / "data")}
    variables = {name: value for name, value in os.environ.items() if name not in NO_TELEMETRY}
    subprocess.run([sys.executable, *command], env={**variables, **folders}, check=True, capture_output=True)
    return [path.name for path in home.rglob("*")]


@pytest.mark.slow
def test_speaking_leaves_no_reports_to_be_sent(tmp_path: Path) -> None:
    if "deviceid" not in seen_in(tmp_path / "alone", "-c", LOAD):
        pytest.skip("this onnxruntime makes no reports")
    sound = tmp_path / "hello.wav"
    names = seen_in(tmp_path / "ours", "-m", "wyoming_openspeakers", "say", "Hello.", "-o", str(sound))
    assert sound.stat().st_size > 10_000
    assert not {"deviceid", "onnxruntime.db"} & set(names), names


def test_a_worker_is_silent_whatever_the_service_was_started_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    assert worker_environment(sys.executable, {}).items() >= NO_TELEMETRY.items()
