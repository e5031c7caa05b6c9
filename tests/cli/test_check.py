"""`check`: what works, and the fix for what does not."""

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from fault_models import models_file

Cli = Callable[..., Any]


def findings(out: str) -> dict[str, tuple[str, str]]:
    """Mark and text by subject."""
    matches = [re.fullmatch(r"(ok  |FAIL|--  ) (.{22}) (.+)", line) for line in out.splitlines()]
    assert all(matches), out
    return {match[2].strip(): (match[1].strip(), match[3]) for match in matches if match}


def test_a_fresh_machine_can_speak(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = cli("check", "--data-dir", str(tmp_path / "data"))
    assert (outcome.status, outcome.err) == (0, "")
    found = findings(outcome.out)
    assert found["model hibari"] == ("ok", "loads, 1 voice")
    assert found["data folder"][0] == "ok" and "GB free" in found["data folder"][1]
    mark, text = found["model kokoro"]
    assert mark == "--" and text.endswith("get it with `wyoming-openspeakers models download kokoro`")
    assert found["GPU"][0] == "--" and "processor" in found["GPU"][1]
    assert found["player"][0] == "--" and "alsa-utils" in found["player"][1]


def test_a_model_that_does_not_load_is_serious(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "models.yaml"
    path.write_text(yaml.safe_dump(models_file(broken={"load_fail": True}, well={})))
    outcome = cli("check", "--models", str(path))
    assert outcome.status == 1
    found = findings(outcome.out)
    assert found["model broken"][0] == "FAIL" and "download them again" in found["model broken"][1]
    assert found["model well"][0] == "ok"


def test_no_model_at_all_is_serious(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "models.yaml"
    path.write_text(yaml.safe_dump(models_file()))
    outcome = cli("check", "--models", str(path))
    assert outcome.status == 1 and findings(outcome.out)["voices"][0] == "FAIL"


def test_a_data_folder_that_cannot_be_used(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    models = tmp_path / "models.yaml"
    models.write_text(yaml.safe_dump(models_file(well={})))
    outcome = cli("check", "--data-dir", str(tmp_path / "file"), "--models", str(models))
    mark, text = findings(outcome.out)["data folder"]
    assert outcome.status == 1 and mark == "FAIL" and "--data-dir" in text


def test_a_port_that_is_taken_is_told_and_how_to_choose_another(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models.yaml"
    models.write_text(yaml.safe_dump(models_file(well={})))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("OPENSPEAKERS__WYOMING__URIS", f"['tcp://127.0.0.1:{port}']")
        monkeypatch.setenv("OPENSPEAKERS__HTTP__ADDRESS", "127.0.0.1:0")
        outcome = cli("check", "--models", str(models))
    found = findings(outcome.out)
    assert outcome.status == 0
    assert found["Wyoming port"][0] == "--" and str(port) in found["Wyoming port"][1]
    assert "--uri" in found["Wyoming port"][1]
    assert found["HTTP port"] == ("ok", "127.0.0.1:0 is free")
