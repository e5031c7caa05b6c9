"""`script/run`, with a stand-in for Python that writes down what it was asked to do."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "script"

PYTHON = """#!/bin/sh
echo "$*" >>"$ASKED"
case $1,$2 in
    -c,*ensurepip*) exit ${NO_VENV:-0} ;;
    -c,*) exit 0 ;;
    -m,venv) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    -m,pip)
        [ -z "${PIP_FAILS:-}" ] || exit 1
        printf '#!/bin/sh\\nprintf "started:"; printf " [%%s]" "$@"\\n' >"$(dirname "$0")/wyoming-openspeakers"
        chmod +x "$(dirname "$0")/wyoming-openspeakers"
        ;;
esac
"""


class Checkout:
    """A copy of the scripts in a folder whose name has spaces, and a PATH with one Python."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a home with spaces"
        self.bin = folder / "bin"
        self.asked = folder / "asked"
        shutil.copytree(SCRIPTS, self.root / "script", ignore=shutil.ignore_patterns("__pycache__"))
        (self.root / "setup.cfg").write_text("[metadata]\n")
        (self.root / "pyproject.toml").write_text("")
        self.bin.mkdir()
        for tool in ("cat", "chmod", "cksum", "cp", "dirname", "mkdir", "mv", "rm", "sed", "sh", "sleep"):
            (self.bin / tool).symlink_to(shutil.which(tool) or tool)
        self.add_python("python3.12", PYTHON)

    def add_python(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / "script/run", *arguments],
            cwd="/",
            env={"PATH": str(self.bin), "ASKED": str(self.asked), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def installs(self) -> int:
        return self.asked.read_text().count("-m pip") if self.asked.exists() else 0


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_the_first_start_makes_the_environment_and_says_so(checkout: Checkout) -> None:
    done = checkout.run("say", "Two words.", "")
    assert done.returncode == 0
    assert done.stdout == "started: [say] [Two words.] []"
    assert "Making an environment" in done.stderr


def test_the_next_start_changes_nothing_and_is_quick(checkout: Checkout) -> None:
    checkout.run()
    asked = checkout.asked.read_text()
    start = time.monotonic()
    done = checkout.run("voices")
    assert time.monotonic() - start < 1
    assert (done.stdout, done.stderr) == ("started: [voices]", "")
    assert checkout.asked.read_text() == asked


def test_changed_requirements_are_installed(checkout: Checkout) -> None:
    checkout.run()
    (checkout.root / "setup.cfg").write_text("[metadata]\nname = other\n")
    assert "up to date" in checkout.run().stderr
    assert checkout.installs() == 2


def test_a_half_made_environment_is_made_anew(checkout: Checkout) -> None:
    assert checkout.run(PIP_FAILS="yes").returncode == 1
    left = checkout.root / ".venv/left-over"
    left.touch()
    done = checkout.run("voices")
    assert done.stdout == "started: [voices]"
    assert not left.exists()


def test_an_update_that_fails_is_not_used(checkout: Checkout) -> None:
    checkout.run()
    (checkout.root / "setup.cfg").write_text("[metadata]\nname = other\n")
    failed = checkout.run(PIP_FAILS="yes")
    assert failed.returncode == 1
    assert "started" not in failed.stdout
    assert checkout.run("voices").stdout == "started: [voices]"


def test_a_moved_checkout_gets_a_new_install(checkout: Checkout) -> None:
    checkout.run()
    checkout.root = checkout.root.rename(checkout.root.with_name("moved"))
    assert checkout.run("voices").stdout == "started: [voices]"
    assert checkout.installs() == 2


def test_a_python_that_cannot_run_is_passed_over(checkout: Checkout) -> None:
    checkout.add_python("python3.13", "#!/bin/sh\nexit 127\n")
    assert "python3.12" in checkout.run().stderr


def test_no_python_is_told(checkout: Checkout) -> None:
    (checkout.bin / "python3.12").unlink()
    done = checkout.run()
    assert done.returncode == 1
    assert "3.11, 3.12 or 3.13" in done.stderr
    assert not (checkout.root / ".venv").exists()


def test_a_python_without_venv_is_told(checkout: Checkout) -> None:
    done = checkout.run(NO_VENV="1")
    assert done.returncode == 1
    assert "sudo apt install python3.12-venv" in done.stderr


def test_the_lock_of_a_process_that_is_gone_is_broken(checkout: Checkout) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    (checkout.root / ".venv.lock").mkdir()
    (checkout.root / ".venv.lock/owner").write_text(f"{gone.pid}\n")
    assert checkout.run("voices").stdout == "started: [voices]"
    assert not (checkout.root / ".venv.lock").exists()


@pytest.mark.slow
def test_two_starts_make_one_environment(checkout: Checkout) -> None:
    (checkout.root / ".venv.lock").mkdir()
    (checkout.root / ".venv.lock/owner").write_text(f"{os.getpid()}\n")
    environment = {"PATH": str(checkout.bin), "ASKED": str(checkout.asked)}
    starts = [subprocess.Popen([checkout.root / "script/run"], env=environment, stderr=subprocess.PIPE) for _ in "ab"]
    for start in starts:
        assert start.stderr is not None
        assert b"Waiting" in start.stderr.readline()
    shutil.rmtree(checkout.root / ".venv.lock")
    for start in starts:
        start.communicate(timeout=20)
        assert start.returncode == 0
    assert checkout.installs() == 1
