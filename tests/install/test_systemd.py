"""The systemd unit: systemd itself reads it, and finds it well locked up."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from wyoming_openspeakers.cli.main import parser
from wyoming_openspeakers.config import load_config

UNITS = Path(__file__).parents[2] / "systemd"
UNIT = UNITS / "wyoming-openspeakers.service"
MOST_EXPOSED = 2.0
"""Of ten; systemd calls what is below two `OK`, and this project's own services are to stay there."""

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not there")


def settings(path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The unit as it is read where its program is there."""
    program = tmp_path / "wyoming-openspeakers"
    program.touch(0o755)
    copy = tmp_path / UNIT.name
    copy.write_text(re.sub(r"(?<=^ExecStart=)\S+", str(program), UNIT.read_text(), flags=re.MULTILINE))
    return copy


@needs_systemd
@pytest.mark.parametrize("drop_in", ["", "gpu.conf"])
def test_systemd_understands_all_of_it(installed: Path, drop_in: str) -> None:
    if drop_in:
        folder = installed.with_name(f"{installed.name}.d")
        folder.mkdir()
        shutil.copy(UNITS / drop_in, folder)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", installed], capture_output=True, text=True, check=False
    )
    own = [line for line in done.stderr.splitlines() if installed.name in line]
    assert own == []


@needs_systemd
def test_it_is_shut_off_from_the_machine(installed: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", installed],
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    )
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze cannot read files")
    level = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert level and float(level[1]) <= MOST_EXPOSED, done.stdout + done.stderr


def test_the_command_and_its_settings_are_the_services_own() -> None:
    unit = settings(UNIT)
    program, *arguments = unit["ExecStart"][0].split()
    assert program == "/opt/wyoming-openspeakers/bin/wyoming-openspeakers" and parser().parse_args(arguments)
    state = unit["StateDirectory"][0]
    given = dict(word.split("=", 1) for word in unit["Environment"][0].split())
    config = load_config(environment={name: value.replace("%S", "/var/lib") for name, value in given.items()})
    assert str(config.data_path) == f"/var/lib/{state}"


def test_the_service_survives_what_one_engine_does() -> None:
    unit = settings(UNIT)
    assert unit["OOMPolicy"] == ["continue"] and unit["KillMode"] == ["mixed"] and unit["Restart"] == ["on-failure"]
    # PyTorch compiles while it runs.
    assert "MemoryDenyWriteExecute" not in unit
    # It has to stop before it is killed.
    assert float(unit["TimeoutStopSec"][0]) > load_config().limits.drain + load_config().limits.cancel
