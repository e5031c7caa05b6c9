"""The audio of a job while it is made: in a file without a name, so that nobody waits and nothing is left behind."""

from __future__ import annotations

import os
import tempfile
import weakref
from pathlib import Path


class Tape:
    """Written at one end and read from anywhere, each at their own pace; gone with its last user."""

    def __init__(self, folder: Path, rate: int) -> None:
        with tempfile.TemporaryFile(dir=folder) as file:
            self._file = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._file)
        self.rate = rate
        self.written = 0
        """Bytes of s16le mono that can be read."""

    @property
    def seconds(self) -> float:
        """How much there is."""
        return self.written / 2 / self.rate

    def write(self, pcm: bytes) -> None:
        """Add to the end; blocks for as long as the disk does."""
        rest = memoryview(pcm)
        while rest:
            done = os.pwrite(self._file, rest, self.written)
            self.written += done
            rest = rest[done:]

    def read(self, offset: int, most: int) -> bytes:
        """Up to so many bytes from there on, none at the end; blocks for as long as the disk does."""
        return os.pread(self._file, min(most, self.written - offset) & ~1, offset)
