"""The steps of the images without a builder: the Dockerfiles' own lines, in folders of this machine."""

from __future__ import annotations

import asyncio
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from addon_container import Container, free_port
from addon_supervisor import MQTT, running_supervisor
from dockerfiles import Stage, expand, read_dockerfile
from wyoming_client import Client

from wyoming_openspeakers.cli.addon.ready import wait_until_ready

ROOT = Path(__file__).parents[2]
PACKAGE = "wyoming_openspeakers"
INSTALL_SECONDS = 900

pytestmark = [pytest.mark.slow, pytest.mark.timeout(INSTALL_SECONDS + 120)]

USERS = ["root", "nobody"] if os.geteuid() == 0 else [pwd.getpwuid(os.geteuid()).pw_name]


@dataclass(frozen=True)
class Built:
    """What a builder would have made."""

    folder: Path
    python: Path

    def at(self, path: str) -> str:
        """Where a path of the image is."""
        path = path.replace("/opt/openspeakers", str(self.folder / "opt"))
        return path.replace("/wheels", str(self.folder / "wheels"))


def is_open_to_all(path: Path) -> bool:
    """Other users can get there."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def base_python() -> Path:
    """A Python that all users can run, as that of an image is, and that can make an environment."""
    names = ["python3.13", "python3.12", "python3.11", "python3"]
    asks = "import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))"
    found = [Path(sys.executable), *(Path(folder, name) for name in names for folder in ("/usr/local/bin", "/usr/bin"))]
    for path in map(Path.resolve, filter(Path.exists, found)):
        works = is_open_to_all(path) and subprocess.run([path, "-c", asks], capture_output=True, check=False)
        if works and works.returncode == 0:
            return path
    pytest.skip("there is no Python 3.11 to 3.13 here that other users may run")


def copy_context(to: Path) -> None:
    """What .dockerignore lets through."""
    to.mkdir()
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line.startswith("!"):
            path = ROOT / line[1:]
            ignored = shutil.ignore_patterns("__pycache__")
            if path.is_dir():
                shutil.copytree(path, to / path.name, symlinks=True, ignore=ignored)
            else:
                shutil.copy(path, to / path.name)


def build(folder: Path, stage: Stage, arguments: dict[str, str]) -> tuple[Built, str]:
    """Carry out what a stage does with Python, and tell what pip said; the system's packages are this machine's."""
    python = base_python()
    (folder / "bin").mkdir()
    for name in ("python", "python3"):
        (folder / "bin" / name).symlink_to(python)
    built = Built(folder, folder / "opt/bin/python")
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")},
        **stage.environment,
        **arguments,
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        # A builder has no cache; here, others download the same.
        "PIP_NO_CACHE_DIR": "0",
    }
    steps = [built.at(step.text) for step in stage.all("RUN") if "apt-get" not in step.text]
    return built, "".join(run(["/bin/sh", "-ec", step], folder / "src", environment) for step in steps)


def run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    """Carry out a step; where there is no package index the rest is left out."""
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    if done.returncode and re.search(r"Could not find a version|NewConnectionError|Name or service", done.stderr):
        pytest.skip(f"pip cannot get the packages here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return done.stdout


def lay_in_store(built: Built, folder: Path) -> None:
    """Give an environment to come the packages of one that is there, as links, so that pip gets only what it lacks.

    Not this package itself: that is to be installed from the wheel.
    """
    ours = shutil.ignore_patterns(f"{PACKAGE}*")
    shutil.copytree(built.folder / "opt/lib", folder / "opt/lib", symlinks=True, ignore=ours, copy_function=os.link)


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """A folder that other users may look into; pytest's own is for one alone."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def image(open_folder: Path) -> Built:
    folder = open_folder / "image"
    folder.mkdir()
    copy_context(folder / "src")
    stage = read_dockerfile(ROOT / "Dockerfile").stage("packages")
    built, said = build(folder, stage, {"VARIANT": "cpu", "EXTRAS": ""})
    # The add-on takes nothing else, and what is here already it need not get.
    assert set(re.findall(r"Building wheel for (\S+)", said)) == {"wyoming-openspeakers"}
    return built


@pytest.fixture(scope="module")
def addon(image: Built, open_folder: Path) -> Built:
    folder = open_folder / "addon"
    folder.mkdir()
    copy_context(folder / "src")
    # What the page tells people who have only this folder.
    command = re.search(r"^python3 -m (pip wheel .*)$", (ROOT / "INSTALL.md").read_text(), re.MULTILINE)
    assert command
    words = [str(folder / "wheels") if word == "addon" else word for word in command[1].split()]
    run([sys.executable, "-m", *words], folder / "src", dict(os.environ))
    lay_in_store(image, folder)
    stage = read_dockerfile(ROOT / "addon/Dockerfile").stages[0]
    arguments = {name: value for step in stage.all("ARG") for name, value in step.pairs.items()}
    built, said = build(folder, stage, arguments)
    assert "Successfully installed" in said and "wyoming-openspeakers" in said.rpartition("Successfully installed")[2]
    return built


async def seconds_spoken(uri: str) -> float:
    async with Client(uri) as client:
        answer = await client.synthesize("Hello from a container.")
    assert answer.error is None
    return answer.seconds


def test_every_file_of_the_package_is_in_the_image(image: Built) -> None:
    def files(package: Path) -> set[Path]:
        return {path.relative_to(package) for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"}

    installed = next((image.folder / "opt/lib").glob(f"python*/site-packages/{PACKAGE}"))
    sent = files(image.folder / "src" / PACKAGE)
    assert {path for path in sent - files(installed) if path.suffix != ".md"} == set()


class Running:
    """A container of the image: its last lines, its settings, and its volumes."""

    def __init__(self, image: Built, folder: Path, user: str) -> None:
        self.account = pwd.getpwnam(user)
        stages = read_dockerfile(ROOT / "Dockerfile").final(VARIANT="cpu")
        cpu = stages[-1]
        self.volumes = Path(tempfile.mkdtemp(dir=folder))
        os.chown(self.volumes, self.account.pw_uid, self.account.pw_gid)
        self._image = image
        self._ports = {port: str(free_port()) for port in cpu.last("EXPOSE").text.split()}
        self.environment = {"PATH": "/usr/bin:/bin"}
        for stage in reversed(stages):
            values = {name: expand(value, self.environment) for name, value in stage.environment.items()}
            self.environment.update({name: self._here(value) for name, value in values.items()})
        # No other machine is to hear of a test, and what a container has at /tmp is its own.
        self.environment |= {"OPENSPEAKERS__WYOMING__ZEROCONF": "false", "TMPDIR": str(self.volumes)}
        self.command = self._program([*cpu.last("ENTRYPOINT").words, *cpu.last("CMD").words])
        self._health = self._program(cpu.last("HEALTHCHECK").words)
        self.uri = f"tcp://127.0.0.1:{self._ports['10200']}"

    def start(self, *before: str) -> subprocess.Popen[bytes]:
        """Start the service, with this before its command; as its user where that does not see to it."""
        user: dict[str, Any] = {} if before else self._user
        with (self.volumes / "log").open("wb") as log:
            return subprocess.Popen(
                [*before, *self.command], stdout=log, stderr=log, env=self.environment, cwd=self.volumes, **user
            )

    def wait(self, service: subprocess.Popen[bytes]) -> None:
        """Wait until it is well."""
        deadline = time.monotonic() + 60
        while (check := self.check()).returncode:
            assert service.poll() is None and time.monotonic() < deadline, self.log
            time.sleep(0.2)
        assert ": well, " in check.stdout

    def check(self) -> subprocess.CompletedProcess[str]:
        """Its own health check."""
        return subprocess.run(
            self._health, env=self.environment, capture_output=True, text=True, check=False, **self._user
        )

    def stop(self, service: subprocess.Popen[bytes]) -> None:
        """End it as a builder's `stop` does."""
        service.terminate()
        assert service.wait(30) == 0, self.log

    @property
    def log(self) -> str:
        return (self.volumes / "log").read_text()

    @property
    def _user(self) -> dict[str, Any]:
        groups: dict[str, Any] = {"extra_groups": []} if os.geteuid() == 0 else {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, **groups}

    def _here(self, text: str) -> str:
        for port, free in self._ports.items():
            text = re.sub(rf":{port}\b", f":{free}", text)
        return re.sub(r"^/(data|models)$", rf"{self.volumes}/\1", self._image.at(text))

    def _program(self, words: list[str]) -> list[str]:
        return [self._image.at(f"/opt/openspeakers/bin/{words[0]}"), *words[1:]]


@pytest.mark.parametrize("user", USERS)
def test_the_image_starts_is_well_speaks_and_stops(image: Built, open_folder: Path, user: str) -> None:
    running = Running(image, open_folder, user)
    service = running.start()
    try:
        running.wait(service)
        assert asyncio.run(seconds_spoken(running.uri)) > 0.3
    finally:
        running.stop(service)
    assert (running.volumes / "data").stat().st_uid == running.account.pw_uid
    gone = running.check()
    assert gone.returncode == 1 and "refused" in gone.stdout


LOCKED_UP = """
mount --bind "$1" "$1" && mount -o remount,bind,ro / || exit 99
! touch /locked 2>/dev/null || exit 98
user=$2 group=$3
shift 3
exec setpriv --reuid "$user" --regid "$group" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
"""
"""What compose.yaml asks for: nothing but the volumes can be written to, and no rights at all."""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can lock a process up")
def test_the_image_needs_no_rights_and_writes_to_its_volumes_alone(image: Built, open_folder: Path) -> None:
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let root make a view of the file system of its own")
    running = Running(image, open_folder, "nobody")
    place = [str(running.volumes), str(running.account.pw_uid), str(running.account.pw_gid)]
    service = running.start("unshare", "--mount", "sh", "-c", LOCKED_UP, "sh", *place)
    try:
        running.wait(service)
        status = Path(f"/proc/{service.pid}/status").read_text()
        assert re.findall(r"^Cap(?:Eff|Bnd):\t0+$", status, re.MULTILINE) and "NoNewPrivs:\t1" in status
        assert asyncio.run(seconds_spoken(running.uri)) > 0.3
    finally:
        running.stop(service)


@pytest.mark.parametrize("user", USERS)
def test_the_addon_starts_as_root_and_goes_on_as_its_user(addon: Built, open_folder: Path, user: str) -> None:
    folder = Path(tempfile.mkdtemp(dir=open_folder))
    folder.chmod(0o755)
    with running_supervisor() as supervisor:
        supervisor.mqtt = {**MQTT, "host": "127.0.0.1", "port": free_port()}
        container = Container(folder, supervisor.url, {}, str(addon.python))
        try:
            service = container.start("openspeakers", user, source=None)
            assert wait_until_ready(container.uri, 60), container.log("openspeakers")
            assert container.start("discovery", user, source=None).wait(30) == 0
            status = Path(f"/proc/{service.pid}/status").read_text()
            assert re.findall(r"^Uid:\t(\d+)", status, re.MULTILINE) == [str(pwd.getpwnam(user).pw_uid)]
            assert asyncio.run(seconds_spoken(container.uri)) > 0.3
        finally:
            container.stop()
        assert len(supervisor.discovered) == 1
    assert service.returncode == 0, container.log("openspeakers")


def test_the_addon_has_the_engines_for_processors(addon: Built) -> None:
    asked = "import piper, espeakng_loader, onnxruntime, hibari"
    assert subprocess.run([addon.python, "-I", "-c", asked], check=False).returncode == 0
