"""Sets of the numbers of a chunk, small on disk and quick to combine."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np
import numpy.typing as npt

CHUNK: Final = 1 << 15
"""Numbers of a chunk."""

_BYTES = CHUNK // 8
_FEW = _BYTES // 2
"""So many numbers and more take less space as bits than one by one."""

_FEW_TO_SORT = 64

_ONES = np.array([number.bit_count() for number in range(256)], np.uint8)

Bits = npt.NDArray[np.uint8]
"""One bit for each number."""

Numbers = npt.NDArray[np.uint16]
"""In order, each once."""


def packed(numbers: Numbers) -> bytes:
    """A set as it is kept."""
    return bits_of(numbers).tobytes() if len(numbers) >= _FEW else numbers.astype("<u2").tobytes()


def unpacked(kept: bytes) -> Numbers:
    """The numbers of a set that was kept."""
    return numbers_of(np.frombuffer(kept, np.uint8)) if len(kept) == _BYTES else np.frombuffer(kept, "<u2")


def bits(kept: bytes) -> Bits:
    """The bits of a set that was kept."""
    return np.frombuffer(kept, np.uint8) if len(kept) == _BYTES else bits_of(np.frombuffer(kept, "<u2"))


def bits_of(numbers: Numbers) -> Bits:
    """The bits of numbers."""
    each = np.zeros(CHUNK, np.bool_)
    each[numbers] = True
    return np.packbits(each)


def numbers_of(some: Bits) -> Numbers:
    """The numbers of bits."""
    return np.flatnonzero(np.unpackbits(some)).astype(np.uint16)


def below(number: int) -> Bits:
    """All numbers below one."""
    return np.packbits(np.arange(CHUNK) < number)


def count(some: Bits) -> int:
    """How many numbers there are."""
    return int(_ONES[some].sum())


def numbers(values: Collection[int]) -> Numbers:
    """Numbers that come in any order, some of them more than once."""
    if len(values) < _FEW_TO_SORT:
        return np.array(sorted(set(values)), np.uint16)
    each = np.zeros(CHUNK, np.bool_)
    each[np.fromiter(values, np.uint16, len(values))] = True
    return np.flatnonzero(each).astype(np.uint16)


def together(some: Numbers, others: Numbers) -> Numbers:
    """The numbers that are in one set or another."""
    if not len(some) or not len(others):
        return some if len(some) else others
    return np.flatnonzero(np.unpackbits(bits_of(some) | bits_of(others))).astype(np.uint16)


def without(some: Numbers, others: Numbers) -> Numbers:
    """The numbers that are in one set and not in another."""
    stays = np.ones(CHUNK, np.bool_)
    stays[others] = False
    return some[stays[some]]
