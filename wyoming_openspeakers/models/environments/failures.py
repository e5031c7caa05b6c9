"""What a person is told when an environment cannot be made: what is wrong and what to do about it."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ...errors import EnvironmentFailed

_ALMOST_FULL = 32_000_000
"""Bytes that are free on a disk that an installer has just filled, at most."""


def check_space(folder: Path, needed: int) -> None:
    """See that there is room before anything is done."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise EnvironmentFailed(
            f"Not enough space in {folder}: {needed / 1e9:.1f} GB needed, {free / 1e9:.1f} GB free; make room, "
            "or choose another disk with --data-dir"
        )


def install_failure(name: str, folder: Path, installer: str, said: Sequence[str]) -> str:
    """Why an installer failed, by the last lines that it printed; none where they went to the terminal."""
    if any("No space left" in line for line in said) or shutil.disk_usage(folder).free < _ALMOST_FULL:
        return _no_space(folder)
    lines = "".join(f"\n  {line}" for line in said)
    return (
        f"{installer} could not install the packages of {name}; mend what it says and try again, what was downloaded "
        f"is kept{':' if said else '.'}{lines}"
    )


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn what the file system refuses into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise EnvironmentFailed(_no_space(folder)) from error
        raise EnvironmentFailed(f"{error.filename or folder}: {error.strerror or error}") from error


def _no_space(folder: Path) -> str:
    return f"No space left in {folder} or in the installer's cache; free some and try again"
