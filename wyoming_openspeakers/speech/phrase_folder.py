"""Spoken phrases as files: one small file each, which is whole or is not there."""

from __future__ import annotations

import logging
import os
import re
import secrets
import struct
import time
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .audio.pcm import Integers, Samples, from_int16, to_int16

_LOGGER = logging.getLogger(__name__)

_HEADER = struct.Struct("<4sIIfI")
_MAGIC = b"WOP1"
_NAME = re.compile(r"([0-9a-f]{64})\.phrase")
_DRAFT = ".draft"
_DRAFT_LIFETIME = 60
"""Seconds after which nobody is still writing a draft."""


@dataclass(frozen=True)
class CachedPhrase:
    """Audio as an engine made it."""

    rate: int
    """Hertz."""

    pcm: Integers
    scale: float = 1.0
    """What full scale stands for: above 1 where an engine went beyond it, so that its peaks are kept whole."""

    @classmethod
    def of(cls, rate: int, samples: Samples | Integers) -> CachedPhrase:
        """Keep a copy of these samples; ValueError when a model made something that is no sound."""
        if samples.dtype == np.int16:
            pcm, scale = samples.astype(np.int16), 1.0
        else:
            peak = float(np.abs(samples).max(initial=0))
            if not np.isfinite(peak):
                raise ValueError("samples that are not numbers")
            scale = max(1.0, peak)
            pcm = to_int16(np.asarray(samples / np.float32(scale), np.float32))
        pcm.flags.writeable = False
        return cls(rate, pcm, scale)

    @property
    def samples(self) -> Samples:
        """The audio as the engine gave it."""
        return from_int16(self.pcm) * np.float32(self.scale)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return _HEADER.size + self.pcm.nbytes


@dataclass(frozen=True)
class Entry:
    """A phrase's file."""

    used_ns: int
    key: str
    size: int


class PhraseFolder:
    """Reads and writes phrases; every call may block. Several processes may work on one folder.

    A file's modification time says when its phrase was last used. A write goes to a draft that takes the phrase's name
    only when it is complete; a length and a checksum over key and audio reveal what a crash or a disk did to a file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def scan(self) -> list[Entry]:
        """Make the folder where it is missing, clear away abandoned drafts, and list the phrases, oldest use first."""
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        entries = []
        abandoned = time.time() - _DRAFT_LIFETIME
        with os.scandir(self._path) as files:
            for file in files:
                try:
                    status = file.stat(follow_symlinks=False)
                    if match := _NAME.fullmatch(file.name):
                        entries.append(Entry(status.st_mtime_ns, match[1], status.st_size))
                    elif file.name.endswith(_DRAFT) and status.st_mtime < abandoned:
                        Path(file.path).unlink()
                except FileNotFoundError:
                    continue
        return sorted(entries, key=lambda entry: entry.used_ns)

    def read(self, key: str) -> CachedPhrase | None:
        """The phrase if its file is there and whole; a damaged file is removed."""
        try:
            content = self._file(key).read_bytes()
        except FileNotFoundError:
            return None
        phrase = _unpack(key, content)
        if phrase is None:
            _LOGGER.warning("Removing a damaged phrase from the cache: %s", self._file(key))
            self.delete([key])
        return phrase

    def write(self, key: str, phrase: CachedPhrase, used_ns: int) -> None:
        """Keep a phrase."""
        draft = self._path / f"{key}.{secrets.token_hex(4)}{_DRAFT}"
        try:
            draft.touch(mode=0o600, exist_ok=False)
            draft.write_bytes(_pack(key, phrase))
            os.utime(draft, ns=(used_ns, used_ns))
            draft.replace(self._file(key))
        except OSError:
            draft.unlink(missing_ok=True)
            raise

    def touch(self, used: Mapping[str, int]) -> None:
        """Note when these phrases were last used."""
        for key, used_ns in used.items():
            try:
                os.utime(self._file(key), ns=(used_ns, used_ns))
            except FileNotFoundError:
                continue

    def delete(self, keys: Iterable[str]) -> None:
        """Remove these phrases."""
        for key in keys:
            self._file(key).unlink(missing_ok=True)

    def _file(self, key: str) -> Path:
        return self._path / f"{key}.phrase"


def _pack(key: str, phrase: CachedPhrase) -> bytes:
    audio = phrase.pcm.astype("<i2", copy=False).tobytes()
    head = (_MAGIC, phrase.rate, len(phrase.pcm), phrase.scale)
    return _HEADER.pack(*head, _checksum(key, _HEADER.pack(*head, 0), audio)) + audio


def _unpack(key: str, content: bytes) -> CachedPhrase | None:
    if len(content) < _HEADER.size:
        return None
    magic, rate, count, scale, checksum = _HEADER.unpack_from(content)
    audio = content[_HEADER.size :]
    head = _HEADER.pack(magic, rate, count, scale, 0)
    if magic != _MAGIC or len(audio) != 2 * count or checksum != _checksum(key, head, audio):
        return None
    return CachedPhrase(rate, np.frombuffer(audio, "<i2").astype(np.int16, copy=False), scale)


def _checksum(key: str, head: bytes, audio: bytes) -> int:
    return zlib.crc32(audio, zlib.crc32(head, zlib.crc32(key.encode())))
