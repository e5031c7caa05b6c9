"""Host memory: how much this service may use, under the limit of its container or unit, and what a process takes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/")


@dataclass(frozen=True)
class HostMemory:
    """Bytes of host memory."""

    total: int
    """All that there is for this process: the machine's, or less where a control group limits it."""

    available: int
    """What can be taken now without swapping; the total where the system does not tell."""


@dataclass(frozen=True)
class _Hierarchy:
    """How one version of control groups names what is of interest here."""

    controller: str
    mounts: tuple[str, ...]
    limits: tuple[str, ...]
    usage: str
    reclaimable: str


_VERSIONS = (
    _Hierarchy(
        controller="",
        mounts=("sys/fs/cgroup", "sys/fs/cgroup/unified"),
        limits=("memory.max", "memory.high"),
        usage="memory.current",
        reclaimable="inactive_file",
    ),
    _Hierarchy(
        controller="memory",
        mounts=("sys/fs/cgroup/memory",),
        limits=("memory.limit_in_bytes",),
        usage="memory.usage_in_bytes",
        reclaimable="total_inactive_file",
    ),
)


def read_host_memory(root: Path = _ROOT) -> HostMemory:
    """The memory of this process's world, read anew; a few small files."""
    total, available = _machine(root)
    for limit, used in _limits(root):
        total = min(total, limit)
        available = min(available, max(0, limit - used))
    return HostMemory(total, min(total, available))


def process_bytes(pid: int, root: Path = _ROOT) -> int | None:
    """Memory that a process takes, without what it only maps from files; None when that cannot be told."""
    fields = _fields(root / f"proc/{pid}/status")
    # A process that ended and was not waited for has no memory and no such lines.
    return sum(fields[name] for name in ("RssAnon", "RssShmem")) if "RssAnon" in fields else None


def _machine(root: Path) -> tuple[int, int]:
    """Total and available bytes of the machine."""
    fields = _fields(root / "proc/meminfo")
    if total := fields.get("MemTotal"):
        return total, fields.get("MemAvailable", fields.get("MemFree", total))
    page = os.sysconf("SC_PAGE_SIZE")
    total = page * os.sysconf("SC_PHYS_PAGES")
    # macOS does not know the second name.
    free = page * os.sysconf("SC_AVPHYS_PAGES") if "SC_AVPHYS_PAGES" in os.sysconf_names else total
    return total, free


def _limits(root: Path) -> Iterator[tuple[int, int]]:
    """Limit and use of every control group that this process is in, up the tree."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, place = line.split(":", 2)
        for version in _VERSIONS:
            if version.controller in controllers.split(","):
                for folder in _folders(root, version, place):
                    yield from _limits_of(folder, version)


def _folders(root: Path, version: _Hierarchy, place: str) -> Iterator[Path]:
    """A group's folder and those above it.

    Inside a container the group may go by its name on the host, of which only the top is there: that is its own.
    """
    parts = [part for part in place.split("/") if part not in ("", "..")]
    for mount in version.mounts:
        for depth in range(len(parts), -1, -1):
            yield (root / mount).joinpath(*parts[:depth])


def _limits_of(folder: Path, version: _Hierarchy) -> Iterator[tuple[int, int]]:
    limits = [limit for name in version.limits if (limit := _number(folder / name)) is not None]
    if limits:
        # The page cache of files counts as used, but goes as soon as somebody needs the room.
        used = (_number(folder / version.usage) or 0) - _fields(folder / "memory.stat").get(version.reclaimable, 0)
        yield min(limits), max(0, used)


def _number(path: Path) -> int | None:
    """A file's one number; None for no such file and for `max`."""
    with suppress(OSError, ValueError):
        return int(path.read_text())
    return None


def _fields(path: Path) -> dict[str, int]:
    """Numbers by name, in bytes: `MemTotal:  24684096 kB`, `inactive_file 4096`."""
    fields = {}
    with suppress(OSError):
        for line in path.read_text().splitlines():
            name, _, rest = line.replace(":", " ", 1).partition(" ")
            number, _, unit = rest.strip().partition(" ")
            if number.isascii() and number.isdigit():
                fields[name] = int(number) * (1024 if unit.strip() == "kB" else 1)
    return fields
