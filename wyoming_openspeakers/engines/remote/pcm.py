"""Audio from bytes that come in any pieces: plain PCM, or WAV, which is known by its first bytes."""

from __future__ import annotations

import numpy as np

from ..base import Samples
from .failure import ServerFailed

LOWEST_RATE, HIGHEST_RATE = 4_000, 384_000
_MOST_CHANNELS = 16
_LONGEST_HEADER = 1 << 20
_PLAIN, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_ENDLESS = 0x7FFF0000
"""Servers that do not know yet how long it becomes say this much or more."""


class PcmDecoder:
    """Mono samples of little-endian PCM; a sample that comes in two pieces waits for its rest."""

    def __init__(
        self, rate: int, width: int = 2, channels: int = 1, *, is_float: bool = False, is_unsigned: bool = False
    ) -> None:
        if not LOWEST_RATE <= rate <= HIGHEST_RATE or not 1 <= channels <= _MOST_CHANNELS:
            raise ServerFailed(f"The server sends audio that nobody can play: {channels} channels at {rate} Hz")
        if width not in ((4, 8) if is_float else (1, 2, 3, 4)):
            raise ServerFailed(f"The server sends samples of {width} bytes, which are not understood")
        self.rate = rate
        self.width = width
        self.channels = channels
        self._is_float = is_float
        self._is_unsigned = is_unsigned
        self._rest = b""

    @property
    def is_whole(self) -> bool:
        """Whether no sample waits for its rest."""
        return not self._rest

    def feed(self, data: bytes) -> Samples:
        """The samples that are complete."""
        data = self._rest + data if self._rest else data
        whole = len(data) - len(data) % (self.width * self.channels)
        self._rest = data[whole:]
        samples = self._numbers(data[:whole])
        return samples if self.channels == 1 else samples.reshape(-1, self.channels).mean(axis=1, dtype=np.float32)

    def _numbers(self, data: bytes) -> Samples:
        if self._is_float:
            return np.nan_to_num(np.frombuffer(data, f"<f{self.width}").astype(np.float32), posinf=1, neginf=-1)
        if self.width == 1:
            if self._is_unsigned:
                return (np.frombuffer(data, np.uint8).astype(np.float32) - np.float32(128)) / np.float32(128)
            return np.frombuffer(data, np.int8).astype(np.float32) / np.float32(128)
        if self.width == 3:
            wide = np.zeros((len(data) // 3, 4), np.uint8)
            wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
            return wide.view("<i4").ravel().astype(np.float32) / np.float32(1 << 31)
        return np.frombuffer(data, f"<i{self.width}").astype(np.float32) / np.float32(1 << (8 * self.width - 1))


class SoundDecoder:
    """Mono samples of a server's answer, whichever of the two it turns out to be."""

    def __init__(self, rate: int, channels: int = 1) -> None:
        self._pcm = PcmDecoder(rate, channels=channels)
        self._head: bytes | None = b""
        """What came so far, until it is known what it is."""
        self._left: int | None = None
        """Bytes of sound that a WAV still has; None where it does not tell."""

    @property
    def rate(self) -> int:
        """Hertz, once there are samples."""
        return self._pcm.rate

    @property
    def is_whole(self) -> bool:
        """Whether it may end here."""
        return not self._head and not self._left and self._pcm.is_whole

    def set_rate(self, rate: int) -> None:
        """Take another rate for plain PCM, before there are samples."""
        if self._head is not None and rate != self._pcm.rate:
            self._pcm = PcmDecoder(rate, channels=self._pcm.channels)

    def feed(self, data: bytes) -> Samples:
        """The samples that are complete."""
        if self._head is not None:
            head = self._head + data
            if head[:4] == b"RIFF"[: len(head)]:
                begin = self._begin_of_wav(head)
                if begin is None:
                    self._head = head
                    return np.zeros(0, np.float32)
                head = head[begin:]
            self._head, data = None, head
        if self._left is not None:
            # What follows the sound in a WAV is no sound.
            data = data[: self._left]
            self._left -= len(data)
        return self._pcm.feed(data)

    def _begin_of_wav(self, head: bytes) -> int | None:
        """Where the sound begins, None while that is yet to come."""
        if len(head) > _LONGEST_HEADER:
            raise ServerFailed("The server sends a WAV file that does not begin")
        if len(head) >= 12 and head[8:12] != b"WAVE":
            raise ServerFailed("The server sends a RIFF file that is no WAV")
        at, is_known = 12, False
        while at + 8 <= len(head):
            kind, size = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
            if kind == b"data":
                if not is_known:
                    raise ServerFailed("The server sends a WAV file that does not say what is in it")
                self._left = size if 0 < size < _ENDLESS else None
                return at + 8
            if kind == b"fmt ":
                if at + 8 + size > len(head):
                    return None
                self._pcm, is_known = _format(head[at + 8 : at + 8 + size]), True
            at += 8 + size + size % 2
        return None


def _format(data: bytes) -> PcmDecoder:
    if len(data) < 16:
        raise ServerFailed("The server sends a WAV file that does not say what is in it")
    kind, channels, rate, bits = (int.from_bytes(data[at : at + size], "little") for at, size in _FIELDS)
    if kind == _EXTENSIBLE and len(data) >= 26:
        kind = int.from_bytes(data[24:26], "little")
    if kind not in (_PLAIN, _FLOAT) or bits % 8:
        raise ServerFailed(f"The server sends a WAV file in a format that is not understood ({kind})")
    return PcmDecoder(rate, bits // 8, channels, is_float=kind == _FLOAT, is_unsigned=bits == 8)


_FIELDS = ((0, 2), (2, 2), (4, 4), (14, 2))
"""Where in the format chunk are kind, channels, rate and bits, and how many bytes each takes."""
