"""Environments: made for real from tiny wheels, cut short, damaged, outdated, in use and removed."""

from __future__ import annotations

import base64
import errno
import hashlib
import http.server
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from wyoming_openspeakers.engines.control import CancelFlag
from wyoming_openspeakers.errors import EnvironmentFailed
from wyoming_openspeakers.models.environments import environments
from wyoming_openspeakers.models.environments.builds import MARK, builds, python_of
from wyoming_openspeakers.models.environments.check import check
from wyoming_openspeakers.models.environments.environments import Environments, State
from wyoming_openspeakers.models.environments.installer import InstallerFailed, find_uv
from wyoming_openspeakers.models.environments.lock import locked

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
needs_uv = pytest.mark.skipif(find_uv() is None, reason="uv is not installed; it comes with the extra `test`")
with_each_installer = pytest.mark.parametrize(
    "use_pip", [pytest.param(False, id="uv", marks=needs_uv), pytest.param(True, id="pip", marks=pytest.mark.slow)]
)


def make_wheel(folder: Path, version: str) -> None:
    """A wheel of the package `tiny-voice`, of one module."""
    info = f"tiny_voice-{version}.dist-info"
    files = {
        "tiny_voice.py": f"import tiny_late\nVERSION = {version!r}\n",
        "tiny_late.py": f"LATE = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tiny-voice\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    with zipfile.ZipFile(folder / f"tiny_voice-{version}-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record += f"{name},sha256={digest},{len(text)}\n"
        wheel.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two versions of a tiny package."""
    folder = tmp_path_factory.mktemp("wheels")
    for version in ("1.0", "2.0"):
        make_wheel(folder, version)
    return folder


Require = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the environments are."""
    return tmp_path / "environments"


@pytest.fixture
def envs(folder: Path, tmp_path: Path) -> Environments:
    """Environments without any that ships."""
    return Environments(folder, tmp_path / "shipped")


@pytest.fixture
def require(folder: Path, wheels: Path) -> Require:
    """Write the requirements of the environment `tiny`, for one version of the package."""

    def write(version: str = "1.0", *lines: str) -> Path:
        folder.mkdir(exist_ok=True)
        path = folder / "tiny.txt"
        path.write_text("\n".join([*lines, "--no-index", f"--find-links {wheels}", f"tiny-voice=={version}", ""]))
        return path

    return write


def version_in(python: Path | None) -> str:
    assert python is not None
    code = "import tiny_voice; print(tiny_voice.VERSION)"
    return subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def quiet(line: str) -> None:
    """Where an installer's lines go that nobody wants."""


@contextmanager
def slow_index(wheels: Path) -> Iterator[tuple[str, threading.Event, threading.Event]]:
    """A package index that answers only once it may; also tells that somebody has asked."""
    asked, may_answer = threading.Event(), threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.set()
            if not may_answer.wait(30):
                return
            wheel = wheels / Path(self.path).name
            links = "".join(f'<a href="/{path.name}">{path.name}</a>' for path in wheels.iterdir())
            page = f"<!DOCTYPE html><html><body>{links}</body></html>".encode()
            body = wheel.read_bytes() if wheel.is_file() else page
            try:
                self.send_response(200)
                self.send_header("Content-Type", "application/zip" if wheel.is_file() else "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)
            except OSError:
                pass

        do_HEAD = do_GET  # noqa: N815 - the base class wants it so

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/simple/", asked, may_answer
        finally:
            may_answer.set()
            server.shutdown()


def leftovers(folder: Path) -> list[Path]:
    return builds(folder / "tiny")


@with_each_installer
def test_an_environment_is_made_used_and_removed(
    envs: Environments, require: Require, folder: Path, use_pip: bool
) -> None:
    path = require("1.0", "# For tiny voices.")
    assert (envs.state("tiny"), envs.python("tiny"), envs.packages_path("tiny")) == (State.NOT_INSTALLED, None, None)
    lines: list[str] = []
    assert envs.install("tiny", lines.append, use_pip=use_pip)
    assert any("tiny-voice" in line or "tiny_voice" in line for line in lines)
    assert version_in(envs.python("tiny")) == "1.0"
    packages = envs.packages_path("tiny")
    assert packages and (packages / "tiny_voice.py").is_file() and packages.is_absolute()
    status = envs.status("tiny")
    assert (status.state, status.purpose, envs.problem("tiny")) == (State.INSTALLED, "For tiny voices.", None)
    assert status.version == ".".join(map(str, sys.version_info[:3]))
    assert not envs.install("tiny", lines.append)
    assert envs.disk_use("tiny").total > 0
    assert envs.remove("tiny").total > 0
    assert (envs.state("tiny"), envs.names(), list(folder.iterdir())) == (State.NOT_INSTALLED, ["tiny"], [path])
    assert envs.remove("tiny").total == 0


@needs_uv
def test_new_requirements_outdate_it_and_the_next_install_swaps(
    envs: Environments, require: Require, folder: Path
) -> None:
    require("1.0")
    envs.install("tiny", quiet)
    first = envs.python("tiny")
    require("1.0", "# A comment changes nothing.")
    assert envs.state("tiny") is State.INSTALLED
    require("2.0")
    assert envs.state("tiny") is State.OUTDATED
    assert envs.problem("tiny") is None and envs.python("tiny") == first and version_in(first) == "1.0"
    assert envs.install("tiny", quiet)
    assert envs.state("tiny") is State.INSTALLED and version_in(envs.python("tiny")) == "2.0"
    assert first and not first.exists() and len(leftovers(folder)) == 1


@needs_uv
def test_a_running_worker_keeps_its_own(envs: Environments, require: Require, folder: Path) -> None:
    require("1.0")
    envs.install("tiny", quiet)
    code = "print(flush=True); input(); import tiny_voice, tiny_late; print(tiny_late.LATE)"
    python = str(envs.python("tiny"))
    pipe = subprocess.PIPE
    with subprocess.Popen([python, "-I", "-c", code], stdin=pipe, stdout=pipe, text=True) as worker:
        assert worker.stdout and worker.stdout.readline() == "\n"
        with pytest.raises(EnvironmentFailed, match=rf"in use by process {worker.pid}; stop the service first"):
            envs.remove("tiny")
        require("2.0")
        envs.install("tiny", quiet)
        assert version_in(envs.python("tiny")) == "2.0"
        out, _ = worker.communicate("go on\n", timeout=20)
    assert (out, worker.returncode) == ("1.0\n", 0)
    assert len(leftovers(folder)) == 2
    envs.install("tiny", quiet, again=True)
    assert len(leftovers(folder)) == 1


@with_each_installer
def test_what_cannot_be_installed_leaves_nothing_and_says_why(
    envs: Environments, require: Require, folder: Path, use_pip: bool
) -> None:
    require("3.0")
    with pytest.raises(EnvironmentFailed, match="try again") as caught:
        envs.install("tiny", quiet, use_pip=use_pip)
    first, *said = str(caught.value).splitlines()
    assert first.startswith("pip" if use_pip else "uv") and any("tiny-voice==3.0" in line for line in said)
    assert len(said) <= 10
    assert envs.state("tiny") is State.NOT_INSTALLED and leftovers(folder) == []


@needs_uv
def test_an_update_that_fails_leaves_what_was_there(envs: Environments, require: Require, folder: Path) -> None:
    require("1.0")
    envs.install("tiny", quiet)
    require("3.0")
    with pytest.raises(EnvironmentFailed):
        envs.install("tiny", quiet)
    assert envs.state("tiny") is State.OUTDATED and version_in(envs.python("tiny")) == "1.0"
    assert len(leftovers(folder)) == 1


@needs_uv
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"build": "build-1"}', b"\xff\xfe", b'{"build": 7}', None])
def test_a_damaged_mark_means_incomplete(
    envs: Environments, require: Require, folder: Path, content: bytes | None
) -> None:
    require("1.0")
    build = folder / "tiny" / "build-0"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(build)], check=True)
    if content is not None:
        (build.parent / MARK).write_bytes(content)
    assert (envs.state("tiny"), envs.python("tiny"), envs.packages_path("tiny")) == (State.INCOMPLETE, None, None)
    assert "cut short; get it with `wyoming-openspeakers engines install tiny`" in (envs.problem("tiny") or "")
    envs.install("tiny", quiet)
    assert version_in(envs.python("tiny")) == "1.0" and not build.exists()


@needs_uv
def test_a_python_that_is_gone(envs: Environments, require: Require, folder: Path, tmp_path: Path) -> None:
    require("1.0")
    envs.install("tiny", quiet)
    mark = json.loads((folder / "tiny" / MARK).read_text())
    python = python_of(folder / "tiny" / mark["build"])
    for target in (tmp_path / "gone" / mark["interpreter"], tmp_path / "python3.99"):
        # A Python that was removed, or replaced by the next version under the same name.
        (tmp_path / "python3.99").touch(0o755)
        python.unlink()
        python.symlink_to(target)
        assert (envs.state("tiny"), envs.python("tiny")) == (State.BROKEN, None)
        problem = envs.problem("tiny") or ""
        assert re.match(r"The Python of environment tiny is gone; get it with `.*install tiny`", problem)
    assert [finding.good for finding in check(envs, "tiny")] == [False]
    assert envs.install("tiny", quiet)
    assert envs.state("tiny") is State.INSTALLED and version_in(envs.python("tiny")) == "1.0"


@needs_uv
def test_a_second_install_waits_for_the_first(envs: Environments, require: Require, folder: Path) -> None:
    require("1.0")
    lines: list[str] = []
    done: list[bool] = []

    def second() -> None:
        done.append(envs.install("tiny", lines.append))

    def fail() -> None:
        raise AssertionError

    thread = threading.Thread(target=second)
    with locked(folder / "tiny" / ".lock", fail):
        assert envs.state("tiny") is State.INSTALLING
        thread.start()
        time.sleep(0.5)
        assert lines == ["Another install of tiny is at work; waiting for it to end."] and not done
        with pytest.raises(EnvironmentFailed, match="being installed"):
            envs.remove("tiny")
    thread.join(30)
    assert done == [True] and envs.state("tiny") is State.INSTALLED


@needs_uv
def test_of_two_installs_only_one_does_the_work(envs: Environments, require: Require, folder: Path) -> None:
    require("1.0")
    done: list[bool] = []
    threads = [threading.Thread(target=lambda: done.append(envs.install("tiny", quiet))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == [False, False, True]
    assert len(leftovers(folder)) == 1


@needs_uv
def test_cancelling_ends_the_installer(envs: Environments, folder: Path, wheels: Path) -> None:
    with slow_index(wheels) as (url, asked, _):
        folder.mkdir()
        (folder / "tiny.txt").write_text(f"--index-url {url}\ntiny-voice==1.0\n")
        cancel = CancelFlag()
        failed: list[Exception] = []

        def install() -> None:
            try:
                envs.install("tiny", quiet, cancel=cancel)
            except EnvironmentFailed as error:
                failed.append(error)

        thread = threading.Thread(target=install)
        thread.start()
        assert asked.wait(20)
        began = time.monotonic()
        cancel.set()
        thread.join(20)
        assert time.monotonic() - began < 5
    assert [str(error) for error in failed] == ["The install of tiny was stopped; what was downloaded is kept"]
    assert envs.state("tiny") is State.NOT_INSTALLED and leftovers(folder) == []


@with_each_installer
def test_a_kill_in_the_middle_is_never_used_and_the_next_install_mends_it(
    folder: Path, wheels: Path, use_pip: bool
) -> None:
    envs = Environments(folder)
    command = [sys.executable, "-m", "wyoming_openspeakers", "engines", "install", "tiny"]
    command += ["--data-dir", str(folder.parent), *(["--pip"] if use_pip else [])]
    with slow_index(wheels) as (url, asked, may_answer):
        folder.mkdir()
        (folder / "tiny.txt").write_text(f"--index-url {url}\ntiny-voice==1.0\n")
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as cli:
            assert asked.wait(60)
            cli.send_signal(signal.SIGKILL)
        assert leftovers(folder) and envs.python("tiny") is None
        # The orphaned installer still writes there, so the lock is still held.
        assert envs.state("tiny") is State.INSTALLING
        may_answer.set()
        while envs.state("tiny") is State.INSTALLING:
            time.sleep(0.05)
        assert (envs.state("tiny"), envs.python("tiny")) == (State.INCOMPLETE, None)
        assert envs.install("tiny", quiet, use_pip=use_pip)
    assert version_in(envs.python("tiny")) == "1.0" and len(leftovers(folder)) == 1


@pytest.mark.parametrize("name", ["", ".", "..", "../tiny", "a/b", "/etc", "-r", "nothing", "ünder"])
def test_wrong_names_name_nothing(envs: Environments, require: Require, name: str) -> None:
    require("1.0")
    assert (envs.python(name), envs.packages_path(name), envs.requirements_file(name)) == (None, None, None)
    assert envs.state(name) is State.NOT_INSTALLED and envs.remove(name).total == 0
    assert f"There is no environment {name!r}; there are: tiny." in (envs.problem(name) or "")
    with pytest.raises(EnvironmentFailed, match="There is no environment"):
        envs.install(name, quiet)


def test_too_little_space_is_told_before_anything_is_done(
    envs: Environments, require: Require, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require("1.0", "# size: 3GB")
    real = shutil.disk_usage(folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real._replace(free=1_200_000_000))
    with pytest.raises(EnvironmentFailed, match=r"Not enough space in .*tiny: 3\.0 GB needed, 1\.2 GB free"):
        envs.install("tiny", quiet)
    assert envs.state("tiny") is State.NOT_INSTALLED


@needs_uv
@pytest.mark.parametrize(
    "error", [InstallerFailed("error: failed", "Caused by: No space left on device (os error 28)"), errno.ENOSPC]
)
def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    envs: Environments,
    require: Require,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: InstallerFailed | int,
) -> None:
    require("1.0")

    def fail(*arguments: object) -> None:
        raise error if isinstance(error, Exception) else OSError(error, os.strerror(error))

    monkeypatch.setattr(environments, "run_installer" if isinstance(error, Exception) else "write_mark", fail)
    with pytest.raises(EnvironmentFailed, match=r"^No space left in .*tiny or in the .* cache; free some .* again$"):
        envs.install("tiny", quiet)
    assert envs.state("tiny") is State.NOT_INSTALLED and leftovers(folder) == []


def test_the_users_file_goes_before_the_shipped_one(envs: Environments, require: Require, tmp_path: Path) -> None:
    (tmp_path / "shipped").mkdir()
    for name in ("tiny", "other"):
        (tmp_path / "shipped" / f"{name}.txt").write_text("# Shipped.\n")
    path = require("1.0", "# Mine.")
    assert envs.names() == ["other", "tiny"]
    assert envs.requirements_file("tiny") == path
    assert [envs.status(name).purpose for name in envs.names()] == ["Shipped.", "Mine."]


@needs_uv
def test_a_check_names_what_is_missing_and_survives_a_crash(envs: Environments, require: Require, folder: Path) -> None:
    path = require("1.0")
    envs.install("tiny", quiet)
    packages = envs.packages_path("tiny")
    assert packages
    (packages / "noisy.py").write_text("print('{}')\n")
    (packages / "half.py").write_text("import not_there_at_all\n")
    (packages / "crash.py").write_text("import os\nos.abort()\n")
    findings = {
        finding.subject: finding for finding in check(envs, "tiny", ["tiny_voice", "noisy", "half", "crash", "after"])
    }
    good = {subject for subject, finding in findings.items() if finding.good}
    assert good == {"Python", "tiny_voice", "noisy"} and findings["tiny_voice"].text == "1.0"
    assert f"add it to {path}" in findings["numpy"].text and f"add it to {path}" in findings["wyoming"].text
    assert "not_there_at_all" in findings["half"].text and "install tiny --again" in findings["half"].text
    assert "signal 6" in findings["crash"].text and "after" not in findings
