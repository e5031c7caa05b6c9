"""Which processes a test left behind: the children of this one, without the services that tests share."""

from __future__ import annotations

import psutil

SHARED: set[int] = set()
"""Processes that live as long as the tests."""


def children() -> list[psutil.Process]:
    """The processes that this one started and did not mean to keep."""
    return [child for child in psutil.Process().children() if child.pid not in SHARED]
