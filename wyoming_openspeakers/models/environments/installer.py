"""The programs that make environments: uv where there is one, else venv and pip."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from packaging.specifiers import SpecifierSet

from ...engines.control import CancelFlag
from ...errors import EnvironmentFailed
from .builds import python_of
from .requirements import Requirements

OnOutput = Callable[[str], None]
"""Called with each line that an installer prints."""

_TAIL = 10
_PATIENCE = 3.0
"""Seconds that an installer has to clean up when it is told to stop."""

_NEWEST = 20
"""Minor version of Python 3 up to which to look."""


class InstallerFailed(Exception):
    """An installer ended with an error; its arguments are the last lines that it printed, where they were seen."""


def find_uv() -> list[str] | None:
    """The command that runs uv."""
    if program := shutil.which("uv"):
        return [program]
    return [sys.executable, "-m", "uv"] if importlib.util.find_spec("uv") else None


def install_commands(
    build: Path, requirements: Requirements, arguments: Sequence[str], uv: Sequence[str] | None
) -> Iterator[list[str]]:
    """What to run, one after the other, to make a build."""
    python, packages = str(python_of(build)), ["--requirement", str(requirements.path), *arguments]
    if uv:
        # uv looks for a Python that fits by itself, and fetches one where there is none.
        base = sys.executable if _fits(sys.executable, requirements.python) else str(requirements.python)
        yield [*uv, "venv", "--quiet", "--no-project", "--python", base, str(build)]
        # A worker that starts should not have to compile what it imports.
        yield [*uv, "pip", "install", "--compile-bytecode", "--python", python, *packages]
    else:
        yield [find_python(requirements.python), "-m", "venv", str(build)]
        # Isolated, or pip takes what PYTHONPATH shows it for installed.
        yield [python, "-I", "-m", "pip", "--disable-pip-version-check", "--no-input", "install", *packages]


def find_python(wanted: SpecifierSet) -> str:
    """An interpreter of a version that is wanted: the service's own, else one on PATH."""
    named = (shutil.which(f"python3.{minor}") for minor in range(_NEWEST, 10, -1))
    for python in (sys.executable, *filter(None, named)):
        if _fits(python, wanted):
            return python
    raise EnvironmentFailed(f"No Python {wanted} was found on this machine; install one, or install uv, which gets it")


def _fits(python: str, wanted: SpecifierSet) -> bool:
    # Asked, not only looked for: a version manager's shim may stand for a Python that is not there.
    code = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
    with suppress(OSError, subprocess.SubprocessError):
        answer = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, timeout=30, check=True)
        return wanted.contains(answer.stdout.strip(), prereleases=True)
    return False


def run_installer(command: Sequence[str], on_output: OnOutput | None, cancel: CancelFlag, lock: int) -> None:
    """Run an installer to its end; without `on_output` it prints where this process prints.

    It inherits the lock: should this process be killed, nobody starts over before the installer has ended, too.
    """
    tail: deque[str] = deque(maxlen=_TAIL)
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if on_output else None,
        stderr=subprocess.STDOUT if on_output else None,
        text=True,
        errors="replace",
        pass_fds=() if sys.platform == "win32" else (lock,),
        # A group of its own, to end it with all that it started.
        start_new_session=True,
    ) as process:
        # On a thread: who sets the flag may be the event loop.
        forget = cancel.on_set(threading.Thread(target=_end, args=(process,), daemon=True).start)
        try:
            for line in process.stdout or ():
                tail.append(line.rstrip())
                if on_output:
                    on_output(line.rstrip())
            status = process.wait()
        except BaseException:
            _end(process)
            raise
        finally:
            forget()
    if status and not cancel:
        raise InstallerFailed(*filter(None, tail))


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        _signal(process, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE)
        if process.poll() is None:
            _signal(process, None)


def _signal(process: subprocess.Popen[str], number: signal.Signals | None) -> None:
    """Send a signal to an installer and all that it started; None ends them at once."""
    if sys.platform == "win32":
        process.kill()
    elif process.poll() is None:
        os.killpg(process.pid, number or signal.SIGKILL)
