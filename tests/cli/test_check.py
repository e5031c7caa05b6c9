"""`check`: what works, and the fix for what does not."""

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from fault_models import models_file

from wyoming_openspeakers.cli import check
from wyoming_openspeakers.events import Gpu, GpusRead
from wyoming_openspeakers.models.gpu.gpus import Gpus
from wyoming_openspeakers.models.memory.host import HostMemory

Cli = Callable[..., Any]


@pytest.fixture
def models(tmp_path: Path) -> Callable[[dict[str, Any]], str]:
    """Write a models.yaml with these models of the engine for faults only; entries may hold more keys."""

    def write(entries: dict[str, Any]) -> str:
        tree = models_file(**{name: {} for name in entries})
        for name, entry in entries.items():
            tree["models"][name].update(entry)
        path = tmp_path / "models.yaml"
        path.write_text(yaml.safe_dump(tree))
        return str(path)

    return write


def findings(out: str) -> dict[str, tuple[str, str]]:
    """Mark and text by subject."""
    matches = [re.fullmatch(r"(ok  |FAIL|--  ) (.{22}) (.+)", line) for line in out.splitlines()]
    assert all(matches), out
    return {match[2].strip(): (match[1].strip(), match[3]) for match in matches if match}


@pytest.mark.slow
def test_a_fresh_machine_can_speak(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = cli("check", "--data-dir", str(tmp_path / "data"))
    assert (outcome.status, outcome.err) == (0, "")
    found = findings(outcome.out)
    assert found["model hibari"] == ("ok", "loads, 1 voice")
    assert found["data folder"][0] == "ok" and "GB free" in found["data folder"][1]
    mark, text = found["not downloaded"]
    assert mark == "--" and text.startswith("kokoro, ") and "`wyoming-openspeakers models` tells" in text
    assert not any(subject.startswith("environment") for subject in found)
    assert found["GPU"][0] == "--" and "processor" in found["GPU"][1]
    assert found["player"][0] == "--" and "alsa-utils" in found["player"][1]


@pytest.mark.slow
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


class TwoGpus(Gpus):
    """One good GPU and one that is lost."""

    def read(self) -> GpusRead:
        """As the driver would tell."""
        self.driver = "580.65.06"
        return GpusRead(
            (Gpu(0, "GPU-0", "NVIDIA X", 12 * 10**9, 10**9),), "GPU 1 fell off the bus; restart the machine"
        )


def test_gpus_are_named_with_what_models_may_take(
    cli: Cli, models: Callable[[dict[str, Any]], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "Gpus", TwoGpus)
    monkeypatch.setenv("OPENSPEAKERS__MODELS__GPU_MEMORY", "50%")
    outcome = cli("check", "--models", models({"well": {}}))
    found = findings(outcome.out)
    assert outcome.status == 0
    assert found["GPU 0"] == ("ok", "NVIDIA X, 12.0 GB, driver 580.65.06; models may take 6.0 GB of it")
    assert found["GPU"] == ("--", "GPU 1 fell off the bus; restart the machine")


@pytest.mark.slow
@pytest.mark.parametrize(("available", "mark"), [(6, "ok"), (3, "--")])
def test_memory_is_told_and_whether_models_can_have_their_budget(
    available: int,
    mark: str,
    cli: Cli,
    models: Callable[[dict[str, Any]], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(check, "read_host_memory", lambda: HostMemory(8 * 10**9, available * 10**9))
    outcome = cli("check", "--models", models({"well": {}}))
    found = findings(outcome.out)["memory"]
    assert outcome.status == 0 and found[0] == mark
    assert found[1].startswith(f"8.0 GB, {available}.0 GB available; models may take 4.0 GB of it")
    assert ("models.host_memory" in found[1]) == (mark == "--")


@pytest.mark.slow
def test_an_environment_that_is_not_there_is_told_with_its_models(
    cli: Cli, models: Callable[[dict[str, Any]], str], tmp_path: Path
) -> None:
    elsewhere = {"environment": "torch", "standby": False}
    path = models({"well": {}, "one": elsewhere, "other": elsewhere})
    outcome = cli("check", "--models", path, "--data-dir", str(tmp_path / "data"))
    found = findings(outcome.out)
    assert outcome.status == 0
    mark, text = found["environment torch"]
    assert mark == "--" and "`wyoming-openspeakers engines install torch`" in text and text.endswith("for one, other")
    assert found["model one"][0] == "--" and "engines install torch" in found["model one"][1]
    assert found["model well"][0] == "ok"


@pytest.mark.slow
def test_an_environment_that_is_not_needed_is_no_fault(
    cli: Cli, models: Callable[[dict[str, Any]], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The fault engine needs a package that the service has too.
    monkeypatch.setattr("faults.engine.FaultEngine.packages", ("numpy",))
    path = models({"one": {"environment": "torch"}})
    outcome = cli("check", "--models", path, "--data-dir", str(tmp_path / "data"))
    found = findings(outcome.out)
    assert outcome.status == 0
    assert found["environment torch"][0] == "ok" and "not needed for one" in found["environment torch"][1]
    assert found["model one"][0] == "ok"
