"""`voices`: a line for each."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from fault_models import models_file

Cli = Callable[..., Any]


@pytest.fixture
def house(tmp_path: Path) -> str:
    """A models.yaml with an English and a German voice."""
    path = tmp_path / "models.yaml"
    tree = models_file(anna={"languages": ["en-GB"]}, berta={"languages": ["de-DE", "de-AT"]})
    path.write_text(yaml.safe_dump(tree))
    return str(path)


def test_the_voice_that_comes_with_it(cli: Cli) -> None:
    outcome = cli("voices")
    assert outcome.status == 0
    assert outcome.out.split() == ["*", "hibari/heart", "en-US", "Heart,", "American", "English,", "female"]


def test_the_default_is_marked(cli: Cli, house: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = cli("voices", "--models", house).out.splitlines()
    assert [line[:14] for line in lines] == ["* anna/plain  ", "  berta/plain "]
    monkeypatch.setenv("OPENSPEAKERS__VOICE__DEFAULT", "berta/plain")
    lines = cli("voices", "--models", house).out.splitlines()
    assert [line[:14] for line in lines] == ["  anna/plain  ", "* berta/plain "]


@pytest.mark.parametrize("tag", ["de", "de-AT", "de_at", "DE"])
def test_of_a_language(cli: Cli, house: str, tag: str) -> None:
    outcome = cli("voices", "--language", tag, "--models", house)
    (line,) = outcome.out.splitlines()
    assert outcome.status == 0 and "berta/plain" in line


@pytest.mark.parametrize("tag", ["fr", "d", "de-CH", "e"])
def test_of_a_language_that_none_speaks(cli: Cli, house: str, tag: str) -> None:
    outcome = cli("voices", "--language", tag, "--models", house)
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err == f"No voice speaks {tag}; `wyoming-openspeakers models` lists what can be had\n"


def test_none_at_all(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text(yaml.safe_dump(models_file()))
    outcome = cli("voices", "--models", str(tmp_path / "models.yaml"))
    assert outcome.status == 1 and outcome.err.startswith("No voice is installed;")
