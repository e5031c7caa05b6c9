"""Whether a package is there, without importing it."""

from __future__ import annotations

import importlib.machinery
import importlib.util


def is_importable(package: str, place: str | None = None) -> bool:
    """Whether a package can be imported, in this process or from a place such as another environment's packages."""
    if place is None:
        return importlib.util.find_spec(package) is not None
    return importlib.machinery.PathFinder.find_spec(package, [place]) is not None
