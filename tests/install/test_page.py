"""The page *Install*: what it tells people to type is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from wyoming_openspeakers.cli.main import parser
from wyoming_openspeakers.config import load_config

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "INSTALL.md").read_text()
LINES = [
    line.split("  #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
    if line.strip()
]


def test_all_four_ways_are_there() -> None:
    assert re.findall(r"^## (.*)$", PAGE, re.MULTILINE)[:4] == ["Add-on", "Docker", "pip or uv", "From source"]


@pytest.mark.parametrize("line", [line for line in LINES if "bin/wyoming-openspeakers" in line or "script/run" in line])
def test_commands_of_the_service_are_commands(line: str) -> None:
    words = shlex.split(line)
    at = max(index for index, word in enumerate(words) if word.endswith(("wyoming-openspeakers", "script/run")))
    assert parser().parse_args(words[at + 1 :] or ["serve"])


@pytest.mark.parametrize("path", re.findall(r"\]\((?!http|#)([^)]+)\)|cp (\S+) ", PAGE))
def test_files_that_are_named_are_there(path: tuple[str, str]) -> None:
    assert (ROOT / "".join(path)).exists()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"OPENSPEAKERS__\w+", PAGE))))
def test_settings_that_are_named_are_settings(name: str) -> None:
    value = "127.0.0.1:1" if name.endswith("ADDRESS") else "x"
    assert load_config(environment={name: value})


def test_the_lines_for_docker_match_the_image() -> None:
    runs = [line for line in LINES if line.startswith("docker run")]
    assert len(runs) == 2 and "--gpus all" in runs[1] and "--gpus" not in runs[0]
    for line in runs:
        assert all(part in line for part in ("-p 10200:10200", ":/data", ":/models", "--init"))
    assert any("--build-arg VARIANT=cuda" in line for line in LINES)
    assert f"chown {re.search(r'^USER (.*)$', (ROOT / 'Dockerfile').read_text(), re.MULTILINE)[1]} " in PAGE  # type: ignore[index]
