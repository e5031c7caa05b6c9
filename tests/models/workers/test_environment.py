"""What a worker inherits of the service: what it needs to run, and neither its secrets nor its packages."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

import pytest

import wyoming_openspeakers
from wyoming_openspeakers.engines.base import ModelSpec
from wyoming_openspeakers.errors import ModelUnavailable
from wyoming_openspeakers.models.workers import process as worker_process
from wyoming_openspeakers.models.workers.environment import worker_environment
from wyoming_openspeakers.models.workers.process import WorkerProcess

pytestmark = pytest.mark.slow

PACKAGE = Path(wyoming_openspeakers.__file__).parent

PROBE = """
import importlib.util, json, os, sys
import numpy
import wyoming_openspeakers
from faults.engine import FaultEngine
from wyoming_openspeakers.engines.base import EngineError

class ENGINE(FaultEngine):
    def load(self, spec, device):
        raise EngineError(json.dumps({
            "prefix": sys.prefix,
            "path": sys.path,
            "package": wyoming_openspeakers.__file__,
            "numpy": numpy.__file__,
            "found": [name for name in spec.parameters["names"] if importlib.util.find_spec(name)],
            "variables": dict(os.environ),
        }))
"""
"""An engine that fails to load with all that it sees."""


@pytest.fixture
def probe(tmp_path: Path) -> Path:
    """A folder with the engine that tells what it sees."""
    folder = tmp_path / "probe"
    (folder / "own").mkdir(parents=True)
    (folder / "own/probe.py").write_text(PROBE)
    return folder


@pytest.fixture
def other_python(tmp_path: Path) -> str:
    """The interpreter of an environment that has no more than a worker needs: numpy and wyoming."""
    venv.create(tmp_path / "environment")
    packages = tmp_path / "packages"
    packages.mkdir()
    for name in ("numpy", "wyoming"):
        spec = importlib.util.find_spec(name)
        assert spec and spec.origin
        site = Path(spec.origin).parents[1]
        for place in (site / name, *site.glob(f"{name}.libs"), *site.glob(f"{name}-*.dist-info")):
            (packages / place.name).symlink_to(place)
    variables = {"base": str(tmp_path / "environment"), "platbase": str(tmp_path / "environment")}
    (Path(sysconfig.get_path("purelib", "venv", vars=variables)) / "packages.pth").write_text(f"{packages}\n")
    return str(tmp_path / "environment/bin/python")


def installed(tmp_path: Path) -> Path:
    """The package as it is installed, beside a numpy that must not be used and a package for the service alone."""
    site = tmp_path / "service/site-packages"
    shutil.copytree(PACKAGE, site / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in (("numpy", "raise ImportError('the wrong one')"), ("beside", "")):
        (site / name).mkdir()
        (site / name / "__init__.py").write_text(text)
    return site


async def seen(probe: Path, python: str = sys.executable, **environment: str) -> dict[str, Any]:
    """What an engine sees in a worker."""
    entries = [str(probe), str(Path(__file__).parents[2])]
    variables = {"PYTHONPATH": os.pathsep.join(entries), **environment}
    process = WorkerProcess("worker", lambda *_: None, python, environment=variables)
    await process.start()
    try:
        with pytest.raises(ModelUnavailable) as told:
            names = ["pydantic", "aiohttp", "beside", "wyoming", "server", "protocol"]
            await process.load(ModelSpec("m", "own.probe", parameters={"names": names}), "cpu")
    finally:
        await process.stop()
    text = str(told.value)
    found: dict[str, Any] = json.loads(text[text.index("{") :])
    return found


async def test_a_worker_of_this_environment_has_its_packages(probe: Path) -> None:
    told = await seen(probe)
    assert told["prefix"] == sys.prefix
    assert told["found"] == ["pydantic", "aiohttp", "wyoming"]
    assert Path(told["package"]).parent == PACKAGE


async def test_a_worker_of_another_environment_has_that_ones_packages_alone(
    probe: Path, other_python: str, tmp_path: Path
) -> None:
    told = await seen(probe, other_python)
    assert told["prefix"] == str(tmp_path / "environment")
    assert told["found"] == ["wyoming"]
    assert told["numpy"].startswith(str(tmp_path / "packages"))
    assert Path(told["package"]).parent == PACKAGE


async def test_what_is_installed_beside_the_package_stays_out_of_it(
    probe: Path, other_python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = installed(tmp_path)
    monkeypatch.setattr(worker_process, "_PROGRAM", site / PACKAGE.name / "worker/__main__.py")
    told = await seen(probe, other_python)
    assert told["found"] == ["wyoming"]
    assert told["numpy"].startswith(str(tmp_path / "packages"))
    assert Path(told["package"]).parent == site / PACKAGE.name
    assert str(site) not in told["path"]


async def test_a_process_gets_what_it_is_given(probe: Path) -> None:
    variables = (await seen(probe, CUDA_VISIBLE_DEVICES="1"))["variables"]
    assert variables["CUDA_VISIBLE_DEVICES"] == "1"
    assert variables["HF_HUB_OFFLINE"] == "1"


def test_secrets_stay_in_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_TOKEN", "HUGGINGFACE_HUB_TOKEN", "HUGGING_FACE_HUB_TOKEN", "OPENSPEAKERS__MQTT__PASSWORD"):
        monkeypatch.setenv(name, "hush")
    monkeypatch.setenv("LANG", "C.UTF-8")
    for python in (sys.executable, "/other/python"):
        variables = worker_environment(python, {})
        assert "hush" not in variables.values()
        assert variables["LANG"] == "C.UTF-8"
    given = {"HF_TOKEN": "for the worker"}
    assert given.items() <= worker_environment(sys.executable, given).items()


def test_engines_load_local_files_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    variables = worker_environment(sys.executable, {"TRANSFORMERS_OFFLINE": "0"})
    assert (variables["HF_HUB_OFFLINE"], variables["TRANSFORMERS_OFFLINE"]) == ("1", "0")


def test_waiting_threads_sleep_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert worker_environment(sys.executable, {})["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    assert worker_environment(sys.executable, {})["OMP_WAIT_POLICY"] == "ACTIVE"


def test_only_folders_with_somebodys_own_engines_follow_into_another_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines, target, site = tmp_path / "engines", tmp_path / "target", tmp_path / "lib/site-packages"
    for folder in (engines, target / "torch-2.11.dist-info", site):
        folder.mkdir(parents=True)
    path = os.pathsep.join(map(str, ["", engines, target, site, tmp_path / "gone"]))
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setenv("PYTHONHOME", "/usr")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    theirs = worker_environment("/other/python", {})
    assert theirs["PYTHONPATH"] == os.pathsep.join([str(engines), str(tmp_path / "gone")])
    assert not {"PYTHONHOME", "VIRTUAL_ENV"} & set(theirs)
    ours = worker_environment(sys.executable, {})
    assert (ours["PYTHONPATH"], ours["PYTHONHOME"], ours["VIRTUAL_ENV"]) == (path, "/usr", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(site))
    assert "PYTHONPATH" not in worker_environment("/other/python", {})
