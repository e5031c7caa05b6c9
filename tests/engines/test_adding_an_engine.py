"""The page about adding an engine is true: its example is pasted, entered and checked as it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import wyoming_openspeakers.engines
from wyoming_openspeakers.conformance.bench import Bench
from wyoming_openspeakers.conformance.checks import CHECKS
from wyoming_openspeakers.conformance.outcome import Verdict
from wyoming_openspeakers.conformance.subject import Subject
from wyoming_openspeakers.engines.base import ModelSpec
from wyoming_openspeakers.models.registry import load_registry_file

ENGINES = Path(wyoming_openspeakers.engines.__file__).parent

PAGE = (ENGINES / "README.md").read_text("utf-8")


def block(language: str, beginning: str = "") -> str:
    """The first block of code of a language that begins so."""
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return next(text for text in blocks if text.startswith(beginning))


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelSpec:
    """The page's engine and its file, made with the page's own commands."""
    package = tmp_path / "pasted_engines"
    package.mkdir()
    (package / "hum.py").write_text(block("python"), "utf-8")
    commands = block("", "mkdir -p ~/").replace("python ", f"{sys.executable} ", 1)
    subprocess.run(["bash", "-ec", commands], env={**os.environ, "HOME": str(tmp_path)}, check=True)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, sys.path)]))
    folder = tmp_path / ".local/share/wyoming-openspeakers/models/hum"
    return ModelSpec("hum", "pasted_engines.hum", (str(folder),), "hum")


@pytest.mark.slow
def test_the_example_passes_every_check(example: ModelSpec) -> None:
    with Bench(Subject(example)) as bench:
        outcomes = {check.name: outcome for check, outcome in bench.run_all(CHECKS)}
    failed = {name: outcome.reason for name, outcome in outcomes.items() if outcome.verdict is Verdict.FAILED}
    assert failed == {}
    skipped = [name for name, outcome in outcomes.items() if outcome.verdict is Verdict.SKIPPED]
    assert skipped == ["unknown speaker", "speed", "reference"]


def test_its_entry_can_be_read(example: ModelSpec, tmp_path: Path) -> None:
    file = tmp_path / "models.yaml"
    file.write_text(block("yaml").replace("engine: hum ", f"engine: {example.engine} "), "utf-8")
    entry = load_registry_file(file).models["hum"]
    assert entry.engine == example.engine and entry.voice == example.voice
    assert entry.hub and entry.hub.files == ("hum.npz",)


def test_every_check_is_on_the_page() -> None:
    rows = [line.split("|")[1] for line in PAGE.partition("## 4")[2].splitlines() if line.startswith("| ")]
    told = {name.strip() for row in rows for name in row.split(",")}
    assert {check.name for check in CHECKS} <= told


def test_the_modules_that_it_names_are_there() -> None:
    named = set(re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.py)`", PAGE)) - {"my_engines/hum.py"}
    assert len(named) > 8
    places = (ENGINES, ENGINES.parents[1])
    assert [name for name in named if not any((place / name).is_file() for place in places)] == []
