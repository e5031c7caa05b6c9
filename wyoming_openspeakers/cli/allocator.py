"""Settings of the C library for a process that runs for months."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8

_LARGE = 512 * 1024
"""Bytes from which on a block is given back to the system as soon as it is free."""

_ARENAS = 2
"""Each thread of a pool would otherwise keep what it once needed in an arena of its own."""


def keep_memory_small() -> None:
    """Have memory that was freed go back to the system, where glibc would keep it for good."""
    if sys.platform != "linux":
        return
    with suppress(AttributeError, OSError):
        c = ctypes.CDLL(None)
        c.mallopt(_M_ARENA_MAX, _ARENAS)
        c.mallopt(_M_MMAP_THRESHOLD, _LARGE)
        c.mallopt(_M_TRIM_THRESHOLD, _LARGE)
