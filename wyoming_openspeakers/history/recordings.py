"""Writes the audio of live requests to files, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from soundfile import SoundFile

_LOGGER = logging.getLogger(__name__)

FORMAT: Final = "flac"

_MOST_WAITING = 32_000_000
"""Bytes of audio that may wait for the disk; past it, recordings are given up."""


class Recordings:
    """All recordings that are being made; nobody waits for the disk."""

    def __init__(self, new_file: Callable[[], Path], *, most_waiting: int = _MOST_WAITING) -> None:
        self._new_file = new_file
        self._most_waiting = most_waiting
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._waiting = 0
        self._has_warned = False

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._work, name="history-audio", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Wait until everything is written."""
        if self._thread:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def begin(self, rate: int, whole: Callable[[Path | None], None]) -> AudioRecording:
        """A new one; `whole` is called in the thread with its file at the end, None when there is none."""
        return AudioRecording(self, rate, whole)

    def has_room(self, size: int) -> bool:
        """Whether so much more audio may wait; if so, it is expected."""
        with self._lock:
            if self._waiting + size > self._most_waiting:
                return False
            self._waiting += size
            return True

    def done(self, size: int) -> None:
        """So much audio waits no more."""
        with self._lock:
            self._waiting -= size

    def later(self, work: Callable[[], None]) -> None:
        """Do it in the thread, after what came before."""
        self._queue.put(work)

    def new_file(self) -> Path:
        """A file to write to."""
        return self._new_file()

    def warn(self, reason: object) -> None:
        """Say why audio is not kept, once until it is again."""
        if not self._has_warned:
            self._has_warned = True
            _LOGGER.warning("Audio for the history is not kept: %s", reason)

    def is_well(self) -> None:
        """The disk works."""
        self._has_warned = False

    def _work(self) -> None:
        while (work := self._queue.get()) is not None:
            work()


class AudioRecording:
    """The audio of one response; the first problem ends it, and speech goes on."""

    def __init__(self, recordings: Recordings, rate: int, whole: Callable[[Path | None], None]) -> None:
        self._recordings = recordings
        self._rate = rate
        self._whole = whole
        self._path: Path | None = None
        self._file: SoundFile | None = None
        self._is_given_up = False

    def write(self, pcm: bytes) -> None:
        """Add s16le mono."""
        if self._is_given_up or not pcm:
            return
        if not self._recordings.has_room(len(pcm)):
            self._is_given_up = True
            self._recordings.warn("the disk cannot follow")
            return
        self._recordings.later(lambda: self._write(pcm))

    def close(self, *, whole: bool) -> None:
        """It ends; what was heard of a response that was left is kept as well."""
        self._recordings.later(self._close)

    def _write(self, pcm: bytes) -> None:
        self._recordings.done(len(pcm))
        if self._is_given_up:
            return
        try:
            if self._file is None:
                self._path = self._recordings.new_file()
                self._file = SoundFile(self._path, "w", self._rate, 1, "PCM_16", format=FORMAT.upper())
            self._file.buffer_write(pcm, "int16")
        except Exception as error:
            self._give_up(error)

    def _close(self) -> None:
        kept: Path | None = None
        try:
            if self._file and not self._is_given_up:
                self._file.close()
                kept = self._path
                self._recordings.is_well()
        except Exception as error:
            self._give_up(error)
        if kept is None:
            self._discard()
        self._whole(kept)

    def _give_up(self, error: Exception) -> None:
        self._is_given_up = True
        self._recordings.warn(error)

    def _discard(self) -> None:
        try:
            if self._file:
                self._file.close()
            if self._path:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            self._recordings.warn(error)
