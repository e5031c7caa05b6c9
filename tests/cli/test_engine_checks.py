"""`engines check MODEL` and `engines audit`, as a user sees them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from wyoming_openspeakers.models.environments.installer import find_uv

Cli = Callable[..., Any]


@pytest.fixture
def engines(cli: Cli, tmp_path: Path) -> Cli:
    models = {
        "fault": {"engine": "faults.engine", "voice": "plain", "aliases": ["strange"]},
        "torch": {"engine": "faults.engine", "voice": "plain"},
        "broken": {"engine": "faults.engine", "voice": "plain", "parameters": {"load_fail": True}},
    }
    file = tmp_path / "models.yaml"
    file.write_text(yaml.safe_dump({"models": models}))
    return lambda *arguments: cli("engines", "--data-dir", str(tmp_path), "--models", str(file), *arguments)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fault", "strange"])
def test_a_model_is_checked_by_its_name(engines: Cli, name: str, tmp_path: Path) -> None:
    table = tmp_path / "table.md"
    outcome = engines("check", name, "--only", "load", "sound", "--output", str(table))
    assert outcome.status == 0, outcome.out + outcome.err
    assert re.fullmatch(
        r"ok   fault load +it is loaded.*\nok   fault sound +.*\nfault: 2 passed, 0 failed, 0 do not apply\n",
        outcome.out,
    )
    assert table.read_text().startswith("| Check | fault |\n")


def test_what_fails_ends_it_with_1(engines: Cli) -> None:
    outcome = engines("check", "broken", "--only", "load")
    assert outcome.status == 1
    assert re.search(r"^FAIL broken load .*the weights are damaged; download them again$", outcome.out, re.MULTILINE)


def test_a_model_and_an_environment_of_one_name_are_both_checked(engines: Cli) -> None:
    outcome = engines("check", "torch", "--only", "load")
    assert outcome.status == 1
    assert re.search(r"^FAIL torch Python .*engines install torch", outcome.out, re.MULTILINE)
    assert re.search(r"^ok   torch load ", outcome.out, re.MULTILINE)


def test_an_unknown_check_is_one_line(engines: Cli) -> None:
    outcome = engines("check", "fault", "--only", "nothing")
    assert outcome.status == 2
    assert re.fullmatch(r"error: There is no check 'nothing'; checks: declaration, .*missing-file\n", outcome.err)


def test_a_name_that_is_written_a_little_differently_is_told_what_was_meant(engines: Cli) -> None:
    outcome = engines("check", "fualt")
    assert outcome.status == 2
    assert outcome.err == "error: There is no environment, model or engine 'fualt'; did you mean fault?\n"


@pytest.mark.parametrize(
    ("content", "words"), [(None, "No such file or directory"), (b"no sound at all", "no recording that can be read")]
)
def test_a_recording_is_taken_as_the_service_takes_it(
    engines: Cli, tmp_path: Path, content: bytes | None, words: str
) -> None:
    recording = tmp_path / "me.wav"
    if content is not None:
        recording.write_bytes(content)
    outcome = engines("check", "fault", "--only", "load", "--reference", str(recording))
    assert outcome.status == 2
    assert outcome.err.startswith(f"error: {recording}: ") and words in outcome.err


def test_a_model_that_is_not_here_says_how_to_get_it(engines: Cli) -> None:
    outcome = engines("check", "kokoro")
    assert outcome.status == 1 and "`wyoming-openspeakers models download kokoro`" in outcome.out


@pytest.mark.slow
@pytest.mark.skipif(find_uv() is None, reason="uv is not installed; it comes with the extra `test`")
def test_a_package_is_audited(engines: Cli, tmp_path: Path) -> None:
    wheel = tmp_path / "odd-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("odd.py", "import torch\nx = torch.load('a')\n")
        file.writestr("odd-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
        file.writestr("odd-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        names = [*file.namelist(), "odd-1.0.dist-info/RECORD"]
        file.writestr("odd-1.0.dist-info/RECORD", "".join(f"{name},,\n" for name in names))
    outcome = engines("audit", str(wheel), "--offline")
    assert outcome.status == 1 and outcome.out.startswith("# Audit of odd 1.0\n")
    target = tmp_path / "audit.md"
    told = engines("audit", str(wheel), "--offline", "--output", str(target))
    assert told.out.splitlines() == [
        f"{'to do':<11} {'torch.load without map_location':<40} 1",
        f"The audit of odd 1.0 is in {target}",
    ]
    assert target.read_text() == outcome.out
