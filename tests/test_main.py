"""The command as it is installed and as a module."""

import subprocess
import sys

import pytest

from wyoming_openspeakers import __main__, __version__


@pytest.mark.slow
def test_as_a_module() -> None:
    command = [sys.executable, "-m", "wyoming_openspeakers", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert (done.stdout, done.stderr) == (f"{__version__}\n", "")


def test_its_exit_status_is_the_command_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["wyoming-openspeakers", "voices", "--config", "/nonexistent"])
    with pytest.raises(SystemExit) as end:
        __main__.main()
    assert end.value.code == 2
