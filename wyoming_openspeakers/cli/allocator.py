"""Memory of a process that runs for months: settings of the C library."""

from __future__ import annotations

import ctypes
import gc
import sys
from contextlib import suppress

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8

_LARGE = 512 * 1024
"""Bytes from which on a block is given back to the system as soon as it is free."""

_ARENAS = 2
"""Each thread of a pool would otherwise keep what it once needed in an arena of its own."""


def keep_memory_small() -> None:
    """Have memory that was freed go back to the system, where glibc would keep it for good."""
    _ask_glibc("mallopt", (_M_ARENA_MAX, _ARENAS), (_M_MMAP_THRESHOLD, _LARGE), (_M_TRIM_THRESHOLD, _LARGE))


def give_back_memory() -> None:
    """Give back what starting took and running does not need; what is left stays for good."""
    gc.collect()
    # Otherwise the collector goes through all of it from time to time, and nobody is answered for a tenth of a second.
    gc.freeze()
    _ask_glibc("malloc_trim", (0,))


def _ask_glibc(function: str, *calls: tuple[int, ...]) -> None:
    """Call a function that only glibc has; others do not need it."""
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            call = getattr(ctypes.CDLL(None), function)
            for arguments in calls:
                call(*arguments)
