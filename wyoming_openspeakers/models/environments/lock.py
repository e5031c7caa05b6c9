"""One at a time: a lock on a file that ends with the processes that hold it, however they end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl


@contextmanager
def locked(path: Path, wait: Callable[[], None]) -> Iterator[int]:
    """Hold the lock; `wait` is called as long as somebody else does, and raises when it has waited enough.

    What comes is the lock's file descriptor: a process that inherits it holds the lock until it ends as well.
    """
    while (held := _try(path)) is None:
        wait()
    try:
        yield held
    finally:
        os.close(held)


def is_locked(path: Path) -> bool:
    """Whether somebody holds the lock now."""
    if sys.platform == "win32":
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _try(path: Path) -> int | None:
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except FileNotFoundError:
            # Whoever had it deleted the folder in this moment.
            continue
        try:
            if sys.platform != "win32":
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_open_at(path, descriptor):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        os.close(descriptor)


def _is_open_at(path: Path, descriptor: int) -> bool:
    """Whether a file is still where it was opened: a lock on one that was deleted keeps nobody out."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
