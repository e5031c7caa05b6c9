"""`models`: what there is, and what downloading and removing say when they cannot."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wyoming_openspeakers.models.installed import MANIFEST

Cli = Callable[..., Any]


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that refuses connections, wherever the test runs."""
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")


def test_the_list_says_what_can_be_used_and_how_to_get_the_rest(cli: Cli, tmp_path: Path) -> None:
    outcome = cli("models", "--data-dir", str(tmp_path))
    assert outcome.status == 0 and cli("models", "list", "--data-dir", str(tmp_path)) == outcome
    lines = {line.split()[0]: line for line in outcome.out.splitlines() if not line.startswith(" ")}
    assert set(lines) == {"hibari", "kokoro", "piper"}
    assert lines["hibari"].endswith("Apache-2.0                   1 voice")
    assert "`wyoming-openspeakers models download kokoro`" in lines["kokoro"]
    assert re.search(r"`wyoming-openspeakers models download piper/VOICE`, voices: http", lines["piper"])


@pytest.mark.parametrize("order", [("models", "--data-dir", "{}", "list"), ("models", "list", "--data-dir", "{}")])
def test_options_count_before_and_after_the_action(cli: Cli, tmp_path: Path, order: tuple[str, ...]) -> None:
    assert str(tmp_path / "models" / "kokoro") in cli(*(part.format(tmp_path) for part in order)).out


@pytest.mark.parametrize(
    ("name", "status", "complaint"),
    [
        ("gone", 2, "There is no model 'gone'; models: hibari, kokoro, piper"),
        ("hibari", 1, "Model hibari comes with its package"),
        ("piper", 2, "piper: name a voice, such as en_US-lessac-medium"),
        ("piper/nonsense", 2, "piper/nonsense: name a voice"),
    ],
)
@pytest.mark.parametrize("action", ["download", "remove"])
def test_what_cannot_be_meant(cli: Cli, action: str, name: str, status: int, complaint: str) -> None:
    outcome = cli("models", action, name)
    assert (outcome.status, outcome.out) == (status, "")
    assert re.fullmatch(f"error: {re.escape(complaint)}.*\n", outcome.err)


@pytest.mark.parametrize("name", ["kokoro", "piper/de_DE-thorsten-medium"])
def test_a_download_without_a_network_is_one_line_and_quick(
    cli: Cli, no_hub: None, tmp_path: Path, name: str
) -> None:
    began = time.monotonic()
    outcome = cli("models", "download", name, "--data-dir", str(tmp_path))
    assert time.monotonic() - began < 10
    assert outcome.status == 1 and outcome.out == ""
    assert re.fullmatch(r"error: The connection to the hub failed while fetching .*; try again.*\n", outcome.err)
    assert not list(tmp_path.rglob(MANIFEST))


def test_removing_what_is_not_there(cli: Cli, tmp_path: Path) -> None:
    outcome = cli("models", "remove", "kokoro", "--data-dir", str(tmp_path))
    assert (outcome.status, outcome.out, outcome.err) == (0, "kokoro was not there\n", "")
