"""Reads safetensors files as fast as memory can be written: several threads, large pages, one buffer a file.

The library reads lazily, so that the first sentence would wait for the disk and for a page fault every 4 kB, and copies
what it reads. Here it checks the files and says what is in them; only the bytes are read another way.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from ..base import EngineError

if TYPE_CHECKING:
    import torch

READERS = 4
"""More do not read faster from memory or from one disk."""

PIECE = 8 << 20
"""Bytes that a thread reads at once."""

LENGTH_OF_HEADER = 8
"""Bytes at a file's start that say how long its header is."""


def read_tensors(files: Iterable[Path]) -> dict[str, torch.Tensor]:
    """All tensors of safetensors files, in memory; each file's tensors share one buffer."""
    tensors: dict[str, torch.Tensor] = {}
    for file in files:
        tensors.update(_read_file(file))
    return tensors


def float_types(files: Iterable[Path]) -> set[torch.dtype]:
    """The types of the numbers that are no integers, without reading one."""
    return {dtype for file in files for dtype, _ in _describe(file).values() if dtype.is_floating_point}


def _describe(file: Path) -> dict[str, tuple[torch.dtype, list[int]]]:
    """Each tensor's type and shape, in the order in which they follow each other without a gap."""
    import safetensors

    try:
        with safetensors.safe_open(file, "pt") as content:
            parts = {name: content.get_slice(name) for name in content.offset_keys()}
            return {name: (_dtype(part.get_dtype()), part.get_shape()) for name, part in parts.items()}
    except (safetensors.SafetensorError, OSError) as error:
        text = f"{file} is damaged or incomplete ({error}); delete it and download the model again"
        raise EngineError(text, "model_missing") from None


def _read_file(file: Path) -> dict[str, torch.Tensor]:
    import torch

    shapes = _describe(file)
    if not shapes:
        return {}
    with file.open("rb", buffering=0) as raw:
        begin = LENGTH_OF_HEADER + int.from_bytes(raw.read(LENGTH_OF_HEADER), "little")
        buffer = torch.frombuffer(_read_bytes(raw.fileno(), begin, file), dtype=torch.uint8)
    tensors: dict[str, torch.Tensor] = {}
    place = 0
    for name, (dtype, shape) in shapes.items():
        count = dtype.itemsize * math.prod(shape)
        part = buffer[place : place + count]
        if place % dtype.itemsize:
            part = part.clone()
        tensors[name] = part.view(dtype).view(shape)
        place += count
    return tensors


def _dtype(name: str) -> torch.dtype:
    from safetensors.torch import _TYPES  # the library has no public table

    dtype: torch.dtype = _TYPES[name]
    return dtype


def _read_bytes(number: int, begin: int, file: Path) -> mmap.mmap:
    """The bytes of an open file from a place on, read by several threads."""
    length = os.fstat(number).st_size - begin
    memory = large_pages(max(1, length))
    view = memoryview(memory)

    def read(start: int) -> None:
        end = min(start + PIECE, length)
        while start < end:
            count = os.preadv(number, [view[start:end]], begin + start)
            if not count:
                raise EngineError(f"{file} became shorter while it was read; download the model again", "model_missing")
            start += count

    with ThreadPoolExecutor(READERS, "read") as readers:
        list(readers.map(read, range(0, length, PIECE)))
    return memory


def large_pages(length: int) -> mmap.mmap:
    """Empty memory, in pages of 2 MB where the system has them: a hundredth of the page faults."""
    if not hasattr(mmap, "MADV_HUGEPAGE"):
        return mmap.mmap(-1, length)
    # Shared memory, which is what comes by default, would have small pages.
    memory = mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(OSError):
        memory.madvise(mmap.MADV_HUGEPAGE)
    return memory
