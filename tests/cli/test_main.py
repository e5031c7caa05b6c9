"""Which command is meant, its help, and how wrong input ends it."""

import argparse
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wyoming_openspeakers import __version__
from wyoming_openspeakers.cli import main, serve

Cli = Callable[..., Any]
Begin = Callable[..., subprocess.Popen[bytes]]

COMMANDS = ("serve", "say", "voices", "text", "models", "engines", "check")


def test_version(cli: Cli) -> None:
    assert cli("--version").out == f"{__version__}\n"


def test_help_names_every_command_and_shows_examples(cli: Cli) -> None:
    outcome = cli("--help")
    assert outcome.status == 0 and outcome.err == ""
    for command in COMMANDS:
        assert re.search(rf"^    {command} +\w", outcome.out, re.MULTILINE), command
    assert "examples:" in outcome.out


@pytest.mark.parametrize("command", [*COMMANDS, "models list", "models download", "models remove"])
def test_help_of_a_command_explains_every_option(cli: Cli, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    outcome = cli(*command.split(), "--help")
    assert outcome.status == 0
    options = re.findall(r"^  (-.+?)(?=^  -|\Z)", outcome.out, re.MULTILINE | re.DOTALL)
    assert len(options) >= 5
    assert [option for option in options if not re.search(r"(?:  |\n +)[a-z1].{7,}", option)] == []


@pytest.mark.parametrize(
    "arguments", [(), ("--uri", "tcp://127.0.0.1:0"), ("--data-dir", "x", "--no-zeroconf"), ("serve",)]
)
def test_without_a_command_it_serves(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    served = []

    def instead(options: argparse.Namespace) -> int:
        served.append(options.uri)
        return 0

    monkeypatch.setattr(serve, "run", instead)
    assert main.run(arguments) == 0
    assert served == [["tcp://127.0.0.1:0"] if "--uri" in arguments else None]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--bogus",), "unrecognized arguments: --bogus"),
        (("voices", "--bogus"), "unrecognized arguments: --bogus"),
        (("sya", "x"), "invalid choice: 'sya'"),
        (("say",), "TEXT"),
        (("say", "x", "--speed", "fast"), "--speed"),
        (("models", "frob"), "invalid choice: 'frob'"),
    ],
)
def test_a_wrong_argument(cli: Cli, arguments: tuple[str, ...], complaint: str) -> None:
    outcome = cli(*arguments)
    assert outcome.status == 2 and outcome.out == ""
    assert complaint in outcome.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("voic: {}", "unknown key voic; did you mean voice?"),
        ("audio: {output_rate: fast}", "audio.output_rate: .*fast"),
        ("wyoming: {uris: [nonsense]}", "wyoming.uris.0: .*nonsense"),
        ("a: [", "line 1.*YAML"),
        ("- a", "keys and values"),
    ],
)
@pytest.mark.parametrize("command", ["voices", "serve"])
def test_a_wrong_config_is_one_line_with_file_and_key(
    cli: Cli, tmp_path: Path, command: str, content: str, complaint: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(content)
    outcome = cli(command, "--config", str(path))
    assert outcome.status == 2 and outcome.out == ""
    assert re.fullmatch(rf"error: {re.escape(str(path))}:.*{complaint}.*\n", outcome.err), outcome.err


def test_a_missing_config(cli: Cli, tmp_path: Path) -> None:
    outcome = cli("voices", "--config", str(tmp_path / "gone.yaml"))
    assert (outcome.status, outcome.err) == (2, f"error: {tmp_path}/gone.yaml: No such file or directory\n")


def test_a_wrong_models_file(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "models.yaml"
    path.write_text("models: {mine: {engine: nonsense}}")
    outcome = cli("voices", "--models", str(path))
    assert outcome.status == 2
    assert re.fullmatch(rf"error: {path}: models\.mine\.engine: .*nonsense.*\n", outcome.err)


def test_a_wrong_environment(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENSPEAKERS__VOICE__SPEED", "fast")
    outcome = cli("voices")
    assert outcome.status == 2
    assert re.fullmatch(r"error: OPENSPEAKERS__VOICE__SPEED: voice\.speed: .*\n", outcome.err)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("voices",), ("text", "Hello there. " * 3000)])
def test_a_reader_that_goes_away_is_no_error(begin: Begin, arguments: tuple[str, ...]) -> None:
    with begin(*arguments) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert (process.wait(timeout=20), process.stderr.read()) == (0, b"")
