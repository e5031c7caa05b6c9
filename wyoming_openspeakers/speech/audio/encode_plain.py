"""PCM as it is, and PCM behind a WAV header for a stream whose length nobody knows yet."""

from __future__ import annotations

import struct
from typing import Final

from .pcm import WIDTH

_UNKNOWN: Final = 0xFFFFFFFF
"""What players take as "to the end of the stream"; a large guess would be shown as hours of audio."""


class PcmEncoder:
    """Hands PCM through."""

    def feed(self, pcm: bytes) -> bytes:
        """Take whole samples in and give them back."""
        return pcm

    def finish(self) -> bytes:
        """Nothing is left."""
        return b""

    def header(self) -> bytes:
        """A file has none either."""
        return b""

    def close(self) -> None:
        """Nothing is kept."""


class WavEncoder:
    """Puts a header in front of the first PCM."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._size = 0

    def feed(self, pcm: bytes) -> bytes:
        """Take whole samples in and give them back, the first behind the header."""
        is_first = not self._size
        self._size += len(pcm)
        return _header(self._rate, _UNKNOWN) + pcm if is_first and pcm else pcm

    def finish(self) -> bytes:
        """A stream without any audio is a header that says so."""
        return b"" if self._size else self.header()

    def header(self) -> bytes:
        """What a finished file has instead of the stream's header."""
        return _header(self._rate, self._size)

    def close(self) -> None:
        """Nothing is kept."""


def _header(rate: int, size: int) -> bytes:
    size = min(size, _UNKNOWN)
    riff_size = min(size + 36, _UNKNOWN)
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * WIDTH, WIDTH, 8 * WIDTH)
    return struct.pack("<4sI4s", b"RIFF", riff_size, b"WAVE") + fmt + struct.pack("<4sI", b"data", size)
