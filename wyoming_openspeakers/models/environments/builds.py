"""The folders of an environment: the build that counts, by a mark that is written last, and what is left of others.

A build is never moved and never changed once it counts, so a worker that runs in it keeps all of its modules while the
next build is made beside it. Replacing the mark is what swaps them.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

MARK = "installed.json"
_PREFIX = "build-"


@dataclass(frozen=True)
class Mark:
    """Which build is complete, and what it was made from."""

    build: str
    """Name of its folder."""

    requirements: str
    """Digest of its requirements."""

    version: str
    """Version of its Python."""

    interpreter: str
    """Name of the file that its `python` leads to: python3.12. Another one does not see the build's packages."""

    packages: str
    """Where its packages are, seen from its folder."""


@dataclass(frozen=True)
class DiskUse:
    """Bytes that a folder takes on disk."""

    own: int = 0
    """What is free again once the folder is gone."""

    shared: int = 0
    """Files that are also elsewhere, such as in the installer's cache."""

    @property
    def total(self) -> int:
        """All of it."""
        return self.own + self.shared


def new_build(folder: Path) -> Path:
    """A place for a new build."""
    return folder / f"{_PREFIX}{secrets.token_hex(4)}"


def builds(folder: Path) -> list[Path]:
    """All builds that there are, complete or not."""
    return sorted(folder.glob(f"{_PREFIX}*"))


def python_of(build: Path) -> Path:
    """The interpreter of a build."""
    return build / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def read_mark(folder: Path) -> Mark | None:
    """The mark of an environment; None where there is none that makes sense. Cheap."""
    path = folder / MARK
    try:
        info = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return _parse(path, info.st_mtime_ns, info.st_ino)


@lru_cache(maxsize=64)
def _parse(path: Path, written: int, inode: int) -> Mark | None:
    # The time and the inode are what tells a new mark from the one that was read before.
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        mark = Mark(**fields)
    except (OSError, ValueError, TypeError):
        return None
    sound = all(isinstance(value, str) for value in fields.values()) and mark.build.startswith(_PREFIX)
    return mark if sound else None


def write_mark(folder: Path, mark: Mark) -> None:
    """Let a build count, in one step and only once all of it is on the disk."""
    if sys.platform != "win32":
        os.sync()
    draft = folder / f"{MARK}.new"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(asdict(mark), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / MARK)


def runs(folder: Path, mark: Mark) -> bool:
    """Whether the Python that a build was made with is still there. Cheap: looks, does not start it."""
    python = python_of(folder / mark.build)
    try:
        info = os.stat(python)  # noqa: PTH116
    except OSError:
        return False
    return _leads_to(python, info.st_dev, info.st_ino) == mark.interpreter


@lru_cache(maxsize=64)
def _leads_to(python: Path, device: int, inode: int) -> str:
    return python.resolve().name


def delete_leftovers(folder: Path) -> None:
    """Delete the builds that do not count, save one that a worker still runs in."""
    mark = read_mark(folder)
    for build in builds(folder):
        if (mark is None or build.name != mark.build) and not users(build):
            shutil.rmtree(build, ignore_errors=True)


def users(build: Path) -> list[int]:
    """The processes that run a build's Python, where the system tells."""
    return [pid for pid, program in _programs() if build.name in Path(program).parts]


def _programs() -> Iterator[tuple[int, str]]:
    # Not /proc/PID/exe: a build's python is a link, and that names what it leads to.
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield int(entry.parent.name), os.fsdecode(entry.read_bytes().partition(b"\0")[0])


def disk_use(folder: Path) -> DiskUse:
    """What a folder takes on disk; a file with several names counts once."""
    names: Counter[tuple[int, int]] = Counter()
    files: dict[tuple[int, int], os.stat_result] = {}
    for parent, _, children in os.walk(folder):
        for child in children:
            with suppress(OSError):
                info = os.lstat(os.path.join(parent, child))  # noqa: PTH118
                names[info.st_dev, info.st_ino] += 1
                files[info.st_dev, info.st_ino] = info
    own = shared = 0
    for key, info in files.items():
        size = info.st_blocks * 512 if sys.platform != "win32" else info.st_size
        if info.st_nlink > names[key]:
            shared += size
        else:
            own += size
    return DiskUse(own, shared)
