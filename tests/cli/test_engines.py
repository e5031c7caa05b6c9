"""`engines`: what it lists, makes, finds and removes, as a user sees it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from wyoming_openspeakers.models.environments.installer import find_uv

pytestmark = pytest.mark.slow

Cli = Callable[..., Any]

needs_uv = pytest.mark.skipif(find_uv() is None, reason="uv is not installed; it comes with the extra `test`")
ON_DEMAND = {"engine": "faults.engine", "environment": "plain"}


@pytest.fixture
def engines(cli: Cli, tmp_path: Path) -> Cli:
    """Run `engines` with its own data folder and one model in an environment of its own."""
    models = {"odd": {"engine": "faults.engine", "environment": "odd", "aliases": ["strange"]}}
    file = tmp_path / "models.yaml"
    file.write_text(yaml.safe_dump({"models": models, "on_demand": ON_DEMAND}))

    def call(*arguments: str) -> Any:
        return cli("engines", "--data-dir", str(tmp_path), "--models", str(file), *arguments)

    return call


@pytest.fixture
def require(tmp_path: Path) -> Callable[..., Path]:
    """Write the requirements of an environment."""

    def write(name: str, *lines: str) -> Path:
        path = tmp_path / "environments" / f"{name}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join([*lines, ""]))
        return path

    return write


def test_the_list_says_what_there_is_what_for_and_how_to_get_it(engines: Cli, require: Callable[..., Path]) -> None:
    require("odd", "# For odd voices.", "six==1.17.0")
    outcome = engines()
    assert outcome.status == 0 and outcome == engines("list")
    head, purpose, models, fix, *_ = outcome.out.splitlines()
    assert re.fullmatch(r"odd +not installed", head)
    assert (purpose.strip(), models.strip()) == ("For odd voices.", "for odd")
    assert "`wyoming-openspeakers engines install odd`" in fix
    assert re.search(r"^torch +not installed", outcome.out, re.MULTILINE)


def test_an_environment_that_a_model_asks_for_and_nobody_describes(engines: Cli, tmp_path: Path) -> None:
    assert f"There is no environment 'odd'; there are: torch. One of your own needs its requirements in {tmp_path}" in (
        engines("list").out
    )
    outcome = engines("install", "odd")
    assert outcome.status == 1 and "There is no environment 'odd'" in outcome.err


@pytest.mark.parametrize("action", ["install", "check", "remove"])
def test_an_unknown_name_is_one_line_with_all_there_is(engines: Cli, action: str) -> None:
    outcome = engines(action, "nothing")
    assert (outcome.status, outcome.out) == (2, "")
    assert re.fullmatch(
        r"error: There is no environment, model or engine 'nothing'; environments: odd, torch; "
        r"models: .*odd; engines: codec_lm, faults\.engine, hibari, .*\n",
        outcome.err,
    )


@pytest.mark.parametrize("name", ["hibari", "kokoro"])
def test_a_model_of_the_service_itself_needs_nothing(engines: Cli, name: str) -> None:
    outcome = engines("install", name)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out == f"{name} runs in the service's own environment; there is nothing to do\n"


def test_nothing_to_check_and_nothing_to_remove(engines: Cli) -> None:
    assert engines("check").out == "No environment is installed; all models run in the service's own\n"
    assert (engines("remove", "torch").out, engines("check", "torch").status) == ("torch was not there\n", 1)


@needs_uv
@pytest.mark.parametrize("name", ["odd", "strange"])
def test_arguments_after_dashes_are_the_installers(
    engines: Cli, require: Callable[..., Path], tmp_path: Path, name: str
) -> None:
    require("odd", "six==1.17.0")
    empty = tmp_path / "empty"
    empty.mkdir()
    outcome = engines("install", name, "--", "--no-index", "--find-links", str(empty))
    assert outcome.status == 1 and "Traceback" not in outcome.err
    assert re.match(r"error: uv could not install the packages of odd; .*\n  .*six", outcome.err, re.DOTALL)
    assert "not installed" in engines("list").out


@needs_uv
def test_an_environment_that_lacks_what_workers_need_is_made_and_told_of(
    engines: Cli, require: Callable[..., Path]
) -> None:
    path = require("odd", "wyoming==1.10.2")
    outcome = engines("install", "odd")
    assert outcome.status == 1
    assert re.search(r"^odd is ready: Python 3\.\d+\.\d+, \d+\.\d MB$", outcome.out, re.MULTILINE)
    assert re.search(rf"^FAIL odd numpy +is not in it; add it to {re.escape(str(path))}", outcome.out, re.MULTILINE)
    assert re.search(r"^odd +installed +Python 3\S+ +\d+\.\d MB$", engines("list").out, re.MULTILINE)
    require("odd", "wyoming==1.10.2", "six==1.17.0")
    listed = engines("list").out
    assert re.search(r"^odd +outdated ", listed, re.MULTILINE)
    assert "`wyoming-openspeakers engines install odd` brings it up to date" in listed
    assert re.fullmatch(r"Removed odd: \d+\.\d MB freed(; .*)?\n", engines("remove", "odd").out)


@pytest.mark.slow
@pytest.mark.parametrize("flags", [pytest.param((), id="uv", marks=needs_uv), pytest.param(("--pip",), id="pip")])
def test_a_worker_starts_in_a_real_environment(
    engines: Cli, require: Callable[..., Path], flags: tuple[str, ...]
) -> None:
    require("odd", "numpy==2.4.6", "wyoming==1.10.2", "six==1.17.0")
    outcome = engines("install", *flags, "odd")
    assert outcome.status == 0, outcome.out + outcome.err
    assert re.findall(r"^ok   odd (\w+)", outcome.out, re.MULTILINE) == ["Python", "numpy", "wyoming", "worker"]
    assert engines("check").status == 0
    again = engines("install", "odd")
    assert again.out.startswith("odd is there already: Python 3") and again.status == 0


@pytest.mark.parametrize("action", ["", "list", "install", "check", "remove"])
def test_help_explains_every_option(engines: Cli, action: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    outcome = engines(*filter(None, [action]), "--help")
    options = re.findall(r"^  (-.+?)(?=^  -|\n\n|\Z)", outcome.out, re.MULTILINE | re.DOTALL)
    assert outcome.status == 0 and len(options) >= 5
    assert [option for option in options if not re.search(r"(?:  |\n +)[a-z1].{7,}", option)] == []
