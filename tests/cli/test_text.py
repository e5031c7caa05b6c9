"""`text`: what would be spoken, a segment a line."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from fault_models import models_file

Cli = Callable[..., Any]


def test_a_segment_a_line(cli: Cli) -> None:
    outcome = cli("text", "**It** is 5 km away. Go! 🎉")
    assert (outcome.status, outcome.out, outcome.err) == (0, "It is five kilometers away.\nGo!\n", "")


def test_in_another_language(cli: Cli) -> None:
    assert cli("text", "Es sind 5 km.", "--language", "de").out == "Es sind fünf Kilometer.\n"


def test_in_the_language_of_the_voice(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "models.yaml"
    path.write_text(yaml.safe_dump(models_file(anna={}, berta={"languages": ["de-DE"]})))
    assert cli("text", "5 km", "--voice", "berta", "--models", str(path)).out == "fünf Kilometer\n"
    assert cli("text", "5 km", "--models", str(path)).out == "five kilometers\n"


def test_ssml(cli: Cli) -> None:
    assert cli("text", "<speak>One. <break/>Two.</speak>", "--ssml").out == "One.\nTwo.\n"


@pytest.mark.parametrize("text", ["", "**", "🎉"])
def test_nothing_to_say(cli: Cli, text: str) -> None:
    outcome = cli("text", text)
    assert (outcome.status, outcome.out) == (0, "")


@pytest.mark.slow
def test_standard_input(begin: Callable[..., subprocess.Popen[bytes]]) -> None:
    out, err = begin("text", "-").communicate("Es ist 5 °C. \udcff".encode(errors="surrogateescape"), timeout=20)
    assert out.decode().startswith("Es ist five degrees Celsius.") and err == b""


def test_an_unknown_voice(cli: Cli) -> None:
    outcome = cli("text", "5 km", "--voice", "gone")
    assert outcome.status == 2 and outcome.err.startswith("error: There is no voice 'gone'")
