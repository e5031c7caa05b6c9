"""Environments of engines that cannot live in the service's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ...engines.control import CancelFlag
from ...errors import EnvironmentFailed
from .builds import (
    MARK,
    DiskUse,
    Mark,
    builds,
    delete_leftovers,
    disk_use,
    new_build,
    python_of,
    read_mark,
    runs,
    users,
    write_mark,
)
from .failures import check_space, explained, install_failure
from .installer import InstallerFailed, OnOutput, find_uv, install_commands, run_installer
from .lock import is_locked, locked
from .requirements import SHIPPED, SUFFIX, Requirements, is_name, read_requirements

_LOCK = ".lock"
_LOOK_AGAIN = 0.2
_ABOUT = (
    "import json, os, sys, sysconfig; print(json.dumps(["
    "sys.version.split()[0], os.path.basename(os.path.realpath(sys.executable)), sysconfig.get_path('purelib')]))"
)


class State(StrEnum):
    """How an environment stands."""

    INSTALLED = "installed"
    NOT_INSTALLED = "not installed"
    INSTALLING = "being installed"
    INCOMPLETE = "incomplete"
    """An install was cut short."""

    OUTDATED = "outdated"
    """Complete and in use, but its requirements have changed since."""

    BROKEN = "broken"
    """Its Python is gone."""


@dataclass(frozen=True)
class Status:
    """An environment as a person sees it."""

    name: str
    state: State
    version: str
    """Version of its Python; empty while there is none."""

    purpose: str


class Environments:
    """Virtual environments in a folder, each made from pinned requirements; a half-made one does not count."""

    def __init__(self, folder: Path, shipped: Path = SHIPPED) -> None:
        # Absolute: workers start with other working folders.
        self._folder = folder.absolute()
        self._shipped = shipped

    def python(self, name: str) -> Path | None:
        """The interpreter of an environment that is complete. Cheap."""
        mark = self._usable(name)
        return python_of(self._folder / name / mark.build) if mark else None

    def packages_path(self, name: str) -> Path | None:
        """Where the packages of an environment that is complete are. Cheap."""
        mark = self._usable(name)
        return self._folder / name / mark.build / mark.packages if mark else None

    def names(self) -> list[str]:
        """All environments that are there or can be made."""
        files = [*self._shipped.glob(f"*{SUFFIX}"), *self._folder.glob(f"*{SUFFIX}")]
        folders = (path.name for path in self._folder.glob("*/") if (path / MARK).exists() or builds(path))
        return sorted(filter(is_name, {*(path.stem for path in files), *folders}))

    def requirements_file(self, name: str) -> Path | None:
        """Where an environment's requirements are: the user's own file goes before the shipped one."""
        places = (folder / f"{name}{SUFFIX}" for folder in (self._folder, self._shipped))
        return next((path for path in places if is_name(name) and path.is_file()), None)

    def problem(self, name: str) -> str | None:
        """Why models cannot run in an environment and what to do about it, or None. Cheap."""
        if self.python(name):
            return None
        if self.requirements_file(name) is None:
            known = ", ".join(self.names()) or "none"
            return (
                f"There is no environment {name!r}; there are: {known}. "
                f"One of your own needs its requirements in {self._folder / name}{SUFFIX}"
            )
        problem = {
            State.BROKEN: f"The Python of environment {name} is gone",
            State.INSTALLING: f"Environment {name} is being installed; it is not complete yet",
            State.INCOMPLETE: f"The install of environment {name} was cut short",
        }.get(self.state(name), f"Its environment {name} is not installed")
        return f"{problem}; get it with `wyoming-openspeakers engines install {name}`"

    def state(self, name: str) -> State:
        """How an environment stands. Cheap."""
        folder = self._folder / name
        mark = read_mark(folder) if is_name(name) else None
        if mark is None:
            if is_locked(folder / _LOCK):
                return State.INSTALLING
            return State.INCOMPLETE if builds(folder) or (folder / MARK).exists() else State.NOT_INSTALLED
        if not runs(folder, mark):
            return State.BROKEN
        file = self.requirements_file(name)
        is_current = file is None or read_requirements(file).digest == mark.requirements
        return State.INSTALLED if is_current else State.OUTDATED

    def status(self, name: str) -> Status:
        """How an environment stands, for a list."""
        mark = read_mark(self._folder / name)
        file = self.requirements_file(name)
        purpose = read_requirements(file).purpose if file else ""
        return Status(name, self.state(name), mark.version if mark else "", purpose)

    def disk_use(self, name: str) -> DiskUse:
        """What an environment takes on disk; looks at every file."""
        return disk_use(self._folder / name)

    def install(
        self,
        name: str,
        on_output: OnOutput | None = None,
        *,
        arguments: Sequence[str] = (),
        cancel: CancelFlag | None = None,
        again: bool = False,
        use_pip: bool = False,
    ) -> bool:
        """Make an environment, or make it anew where it is outdated or `again`; whether there was anything to do.

        Blocks; run it in a thread. Until it is complete the one that was there is used. `on_output` gets the
        installer's lines, which go where this process prints without it; `arguments` are for the installer itself.
        """
        cancel = CancelFlag() if cancel is None else cancel
        file = self.requirements_file(name)
        if file is None:
            raise EnvironmentFailed(self.problem(name) or f"Environment {name} has no requirements any more")
        requirements = read_requirements(file)
        folder = self._folder / name
        with explained(folder):
            if not again and self.state(name) is State.INSTALLED:
                return False
            with locked(folder / _LOCK, _waiting(name, on_output or print, cancel)) as lock:
                if not again and self.state(name) is State.INSTALLED:
                    return False
                delete_leftovers(folder)
                if not arguments:
                    # Which packages the installer takes with arguments of the user's own, nobody can know.
                    check_space(folder, requirements.size)
                self._build(name, requirements, arguments, on_output, cancel, None if use_pip else find_uv(), lock)
                delete_leftovers(folder)
        return True

    def remove(self, name: str) -> DiskUse:
        """Delete all of an environment, complete or not; what it took on disk. A requirements file stays."""
        folder = self._folder / name
        if not is_name(name) or not folder.is_dir():
            return DiskUse()
        if pids := [pid for build in builds(folder) for pid in users(build)]:
            raise EnvironmentFailed(f"Environment {name} is in use by process {pids[0]}; stop the service first")

        def refuse() -> None:
            raise EnvironmentFailed(f"Environment {name} is being installed; wait for that or stop it first")

        with explained(folder), locked(folder / _LOCK, refuse):
            use = disk_use(folder)
            # The mark goes first: what is half deleted must not count.
            (folder / MARK).unlink(missing_ok=True)
            shutil.rmtree(folder)
        return use

    def _usable(self, name: str) -> Mark | None:
        mark = read_mark(self._folder / name) if is_name(name) else None
        return mark if mark and runs(self._folder / name, mark) else None

    def _build(
        self,
        name: str,
        requirements: Requirements,
        arguments: Sequence[str],
        on_output: OnOutput | None,
        cancel: CancelFlag,
        uv: list[str] | None,
        lock: int,
    ) -> None:
        folder = self._folder / name
        build = new_build(folder)
        try:
            for command in install_commands(build, requirements, arguments, uv):
                run_installer(command, on_output, cancel, lock)
                if cancel:
                    raise EnvironmentFailed(f"The install of {name} was stopped; what was downloaded is kept")
            write_mark(folder, _mark(build, requirements))
        except InstallerFailed as error:
            raise EnvironmentFailed(install_failure(name, folder, "uv" if uv else "pip", error.args)) from None
        finally:
            # Whatever has happened: all but a build that counts is of no use.
            mark = read_mark(folder)
            if mark is None or mark.build != build.name:
                shutil.rmtree(build, ignore_errors=True)


def _mark(build: Path, requirements: Requirements) -> Mark:
    command = [str(python_of(build)), "-I", "-c", _ABOUT]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except subprocess.SubprocessError:
        raise EnvironmentFailed(f"The Python of {build.parent.name} does not start; try another Python") from None
    version, interpreter, packages = json.loads(answer.stdout)
    relative = os.path.relpath(packages, build)
    return Mark(build.name, requirements.digest, version, interpreter, relative)


def _waiting(name: str, tell: OnOutput, cancel: CancelFlag) -> Callable[[], None]:
    told = False

    def wait() -> None:
        nonlocal told
        if not told:
            tell(f"Another install of {name} is at work; waiting for it to end.")
            told = True
        if cancel:
            raise EnvironmentFailed(f"The install of {name} was stopped")
        time.sleep(_LOOK_AGAIN)

    return wait
