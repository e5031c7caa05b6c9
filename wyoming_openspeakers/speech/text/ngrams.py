"""How often languages use groups of letters, taken from the `eld` package in a form that is small in memory.

`eld` keeps its table as Python dictionaries: 46 MB, which an interpreter hardly gives back. So a child process reads
it and passes on arrays: under 4 MB.
"""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

_LOGGER = logging.getLogger(__name__)
_PATIENCE = 60.0


@dataclass(frozen=True)
class Ngrams:
    """A sparse table: the n-gram `keys[i]` has the entries `first[i]` to `first[i + 1]`."""

    languages: tuple[str, ...]
    keys: npt.NDArray[np.uint64]
    first: npt.NDArray[np.uint32]
    column: npt.NDArray[np.uint8]
    """Which language an entry is of."""

    count: npt.NDArray[np.uint16]


_EMPTY = Ngrams((), np.zeros(1, np.uint64), np.zeros(2, np.uint32), np.zeros(0, np.uint8), np.zeros(0, np.uint16))


@cache
def load() -> Ngrams:
    """Read the table: half a second the first time, then nothing. Without it, no language can be told."""
    command = [sys.executable, "-P", __file__]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        reason = getattr(error, "stderr", None) or str(error).encode()
        _LOGGER.warning("Cannot tell languages apart: %s", reason.decode(errors="replace").strip().split("\n")[-1])
        return _EMPTY
    with np.load(io.BytesIO(done.stdout), allow_pickle=False) as table:
        return Ngrams(
            tuple(table["languages"].tolist()), table["keys"], table["first"], table["column"], table["count"]
        )


def split(text: str) -> list[int]:
    """Cut text into the n-grams that the table has: four bytes of a word every three, and its end."""
    grams = []
    for word in "".join(letter if letter.isalpha() or letter == "'" else " " for letter in text.lower()).split():
        data = word.strip("'").encode()[:70]
        size = len(data)
        grams += [(b" " if begin == 0 else b"") + data[begin : begin + 4] for begin in range(0, size - 4, 3)]
        grams.append((b" " if size < 5 else b"") + data[max(size - 4, 0) :] + b" ")
    return [int.from_bytes(gram, "big") for gram in grams]


def _write() -> None:
    from eld.resources.ngrams.ngramsM60 import ngrams_data

    table = ngrams_data["ngrams"]
    grams = sorted((int.from_bytes(gram, "big"), entries) for gram, entries in table.items())
    sizes = [len(entries) for _, entries in grams]
    names = ngrams_data["languages"]
    np.savez(
        sys.stdout.buffer,
        languages=np.array([names.get(index, "") for index in range(max(names) + 1)]),
        keys=np.array([gram for gram, _ in grams], dtype=np.uint64),
        first=np.cumsum([0, *sizes]).astype(np.uint32),
        column=np.array([column for _, entries in grams for column in entries], dtype=np.uint8),
        count=np.array([count for _, entries in grams for count in entries.values()], dtype=np.uint16),
    )


if __name__ == "__main__":
    _write()
