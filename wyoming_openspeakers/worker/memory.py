"""What memory this process takes, and how it gives back what it does not need any more."""

from __future__ import annotations

import ctypes
import gc
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..engines.torch.graphs import CAPTURING
from .protocol import Memory

_STATUS = Path("/proc/self/status")
_COUNTED = ("RssAnon:", "RssShmem:")

_M_ARENA_MAX = -8
_ARENAS = 2


def share_arenas() -> None:
    """Have all threads take memory from the same few places, before there are any threads.

    glibc gives each thread a place of its own, which keeps what the longest sentence took that it ever spoke.
    """
    if sys.platform == "linux":
        with suppress(AttributeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


def totals() -> Memory:
    """What the whole process takes now. Cheap."""
    return Memory(host_bytes(), device_bytes())


def host_bytes() -> int:
    """Bytes of host memory, without what is only mapped from files and can be read again.

    Outside of Linux it is the most that the process ever took, for nothing else can be told without a package.
    """
    try:
        lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(_COUNTED))


def device_bytes() -> int:
    """Bytes that torch keeps for itself on all GPUs that this process can use."""
    cuda = _cuda()
    return sum(cuda.memory_reserved(index) for index in range(cuda.device_count())) if cuda else 0


def give_back(*, collect: bool = True) -> None:
    """Hand memory that nobody uses to the system and to the GPU; without `collect` only what costs little time."""
    if collect:
        gc.collect()
    if cuda := _cuda():
        # Another model may be recording a CUDA graph, which such a call would spoil.
        with CAPTURING, suppress(RuntimeError):
            cuda.empty_cache()
            if collect and (empty_host_cache := _empty_host_cache()):
                empty_host_cache()
    trim()


def trim() -> None:
    """Hand what was freed in host memory to the system. Cheap."""
    if sys.platform == "linux":
        # Only glibc has such a call, and only it keeps so much.
        with suppress(AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def _cuda() -> Any:
    """The module torch.cuda if an engine of this process uses it."""
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    # Another thread may be in the middle of importing it.
    is_initialized = getattr(cuda, "is_initialized", None)
    return cuda if is_initialized and is_initialized() else None


def _empty_host_cache() -> Any:
    """What lets go of the host memory that torch keeps for copies to the GPU; None where torch is too old."""
    torch = sys.modules["torch"]
    newer = getattr(getattr(torch, "accelerator", None), "empty_host_cache", None)
    return newer or getattr(getattr(torch, "_C", None), "_host_emptyCache", None)
