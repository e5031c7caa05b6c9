"""The audio file of a job, encoded while it is made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, TypeVar

from ..speech.audio.encode import Encoder
from ..speech.audio.formats import AudioFormat
from .tape import Tape

_Result = TypeVar("_Result")


class AudioFile:
    """Written in a thread of its own, in order."""

    def __init__(self, make: Callable[[], Path], format: AudioFormat, rate: int) -> None:
        self.path: Path | None = None
        self._make = make
        self._format = format
        self._rate = rate
        self._file: BinaryIO | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="job")

    async def begin(self) -> Tape:
        """Make the file, and a tape for those who listen already."""
        return await self._in_thread(self._begin)

    async def write(self, pcm: bytes) -> None:
        """Add s16le mono."""
        await self._in_thread(lambda: self._write(pcm))

    async def write_beside(self, path: Callable[[Path], Path], text: str) -> None:
        """Add a text that belongs to the audio."""
        await self._in_thread(lambda: self._write_beside(path, text))

    async def finish(self) -> Path:
        """Write the rest; the file is whole when this returns."""
        return await self._in_thread(self._finish)

    async def discard(self) -> None:
        """Leave nothing behind, even when nobody waits for that."""
        await asyncio.shield(self._in_thread(self._discard))

    def close(self) -> None:
        """Let go of the thread."""
        self._thread.shutdown(wait=False)

    async def _in_thread(self, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _begin(self) -> Tape:
        self.path = self._make()
        self._file = self.path.open("r+b")
        self._encoder = Encoder(self._format, self._rate)
        self._tape = Tape(self.path.parent, self._rate)
        return self._tape

    def _write(self, pcm: bytes) -> None:
        assert self._file
        self._tape.write(pcm)
        self._file.write(self._encoder.feed(pcm))

    def _write_beside(self, path: Callable[[Path], Path], text: str) -> None:
        assert self.path
        beside = path(self.path)
        beside.touch(0o600)
        beside.write_text(text, encoding="utf-8")

    def _finish(self) -> Path:
        assert self._file
        self._file.write(self._encoder.finish())
        # What leaves as a stream cannot say how long it is; the file can.
        self._file.seek(0)
        self._file.write(self._encoder.header())
        self._file.close()
        assert self.path
        return self.path

    def _discard(self) -> None:
        if self._file:
            self._file.close()
        if self.path:
            for path in (self.path, *self.path.parent.glob(f"{self.path.stem}.*")):
                path.unlink(missing_ok=True)
