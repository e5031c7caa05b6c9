"""Whether a package is there, without importing it."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
from functools import lru_cache


def is_importable(package: str, place: str | None = None) -> bool:
    """Whether a package can be imported, in this process or from a place such as another environment's packages."""
    if place is not None:
        return importlib.machinery.PathFinder.find_spec(package, [place]) is not None
    if package in sys.modules:
        return sys.modules[package] is not None
    return _is_found(package, tuple(map(_state, sys.path)))


@lru_cache(maxsize=256)
def _is_found(package: str, states: tuple[tuple[str, int], ...]) -> bool:
    """Looked up anew when a folder changes, as an import does; who lists voices asks for the same dozens of times."""
    return importlib.util.find_spec(package) is not None


def _state(folder: str) -> tuple[str, int]:
    try:
        return folder, os.stat(folder or ".").st_mtime_ns  # noqa: PTH116 - a third of the time that a Path takes
    except OSError:
        return folder, 0
