"""Where `say` sends its audio: a sound file, or whatever player the machine has."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import soundfile

from ..errors import InvalidRequest, SpeechError

_FORMATS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG", ".mp3": "MP3"}


class Sink(Protocol):
    """Takes audio while its context is open; a context that is left by an error leaves nothing behind."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    async def write(self, pcm: bytes, rate: int) -> None:
        """Take s16le mono."""


class SoundFile:
    """A sound file that appears when it is complete."""

    def __init__(self, path: Path) -> None:
        known = [suffix for suffix, name in _FORMATS.items() if name in soundfile.available_formats()]
        if path.suffix.lower() not in known:
            raise InvalidRequest(f"Cannot tell the format of {path}: its name must end in one of {', '.join(known)}")
        self._format = _FORMATS[path.suffix.lower()]
        self._shown = path
        self._path = path.resolve()
        self._draft = self._path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        self._sound: soundfile.SoundFile | None = None

    async def __aenter__(self) -> Self:
        if self._path.is_dir():
            raise InvalidRequest(f"Cannot write {self._shown}: it is a folder")
        try:
            self._draft.touch()
        except OSError as error:
            raise self._cannot(error) from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if self._sound:
                self._sound.close()
            if kind is None:
                self._draft.replace(self._path)
        except OSError as reason:
            raise self._cannot(reason) from None
        finally:
            with suppress(OSError):
                self._draft.unlink()

    async def write(self, pcm: bytes, rate: int) -> None:
        """Take s16le mono."""
        try:
            if self._sound is None:
                self._sound = soundfile.SoundFile(self._draft, "w", samplerate=rate, channels=1, format=self._format)
            self._sound.buffer_write(pcm, "int16")
        except (OSError, soundfile.LibsndfileError) as error:
            raise self._cannot(error) from None

    def _cannot(self, error: Exception) -> SpeechError:
        reason = error.strerror if isinstance(error, OSError) else getattr(error, "error_string", None)
        return InvalidRequest(f"Cannot write {self._shown}: {reason or error}")


class Player:
    """Pipes audio into a player's process."""

    _COMMANDS = (
        ("pw-play", "--raw", "--rate={rate}", "--channels=1", "--format=s16", "-"),
        ("paplay", "--raw", "--rate={rate}", "--channels=1", "--format=s16le"),
        ("aplay", "-q", "-t", "raw", "-r", "{rate}", "-c", "1", "-f", "S16_LE"),
        ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error", "-f", "s16le", "-ar", "{rate}", "-i", "-"),
        ("play", "-q", "-t", "raw", "-r", "{rate}", "-c", "1", "-e", "signed", "-b", "16", "-"),
    )

    def __init__(self) -> None:
        found = [command for command in self._COMMANDS if shutil.which(command[0])]
        if not found:
            names = ", ".join(command[0] for command in self._COMMANDS)
            raise InvalidRequest(f"Nothing to play with; install one of {names}, or write a file with -o")
        self._command = found[0]
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        if kind is not None:
            with suppress(ProcessLookupError):
                self._process.terminate()
        if await self._process.wait() and kind is None:
            raise self._failed()

    async def write(self, pcm: bytes, rate: int) -> None:
        """Take s16le mono."""
        if self._process is None:
            arguments = [part.format(rate=rate) for part in self._command]
            self._process = await asyncio.create_subprocess_exec(*arguments, stdin=asyncio.subprocess.PIPE)
        assert self._process.stdin is not None
        self._process.stdin.write(pcm)
        try:
            await self._process.stdin.drain()
        except ConnectionError:
            raise self._failed() from None

    def _failed(self) -> SpeechError:
        return SpeechError(f"{self._command[0]} could not play; write a file with -o instead")
