"""`say`: speak a text into a file or to the loudspeaker."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
from pathlib import Path
from typing import Any, Protocol

import soundfile

from ...errors import InvalidRequest
from ...service import Service
from ...speech.request import SpeechRequest
from .options import add_common, service_from

_WIDTH = 2


class _Sink(Protocol):
    async def write(self, pcm: bytes) -> None: ...
    async def close(self) -> None: ...


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("say", help="speak a text into a file or to the loudspeaker", description=__doc__)
    parser.add_argument("text", metavar="TEXT", help='the text; "-" reads it from standard input')
    parser.add_argument("--voice", metavar="VOICE", help="voice, such as kokoro/af_heart; see `voices`")
    parser.add_argument("--language", metavar="TAG", help="language of the text; found out when it is not given")
    parser.add_argument("--speed", type=float, metavar="FACTOR", help="1 is the voice's own speed")
    parser.add_argument("--ssml", action="store_true", help="the text is SSML")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("-o", "--output", type=Path, metavar="FILE", help="write here: .wav, .flac, .ogg or .mp3")
    where.add_argument("--play", action="store_true", help="play it (the default without -o)")
    add_common(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Speak."""
    text = sys.stdin.read() if options.text == "-" else options.text
    service = service_from(
        options, log_level=options.log_level or "warning", **{"voice.speed": options.speed, "models.preload": []}
    )
    request = SpeechRequest(voice=options.voice, language=options.language, ssml=options.ssml, client="say")
    asyncio.run(_say(service, request, text, options.output))
    return 0


async def _say(service: Service, request: SpeechRequest, text: str, output: Path | None) -> None:
    service.speech.check_length(text)
    await service.start(fronts=False)
    sink: _Sink | None = None
    seconds = 0.0
    shows = sys.stderr.isatty()
    try:
        async with service.speech.speak(request, text) as response:
            async for pcm in response.pcm():
                if sink is None:
                    sink = _File(output, response.rate) if output else await _Player.start(response.rate)
                await sink.write(pcm)
                seconds += len(pcm) / _WIDTH / response.rate
                if shows:
                    print(f"\r{seconds:7.1f} s of audio, {response.progress:4.0%} of the text", end="", file=sys.stderr)
    finally:
        if shows and sink:
            print(file=sys.stderr)
        if sink:
            await sink.close()
        await service.stop()


class _File:
    """Writes a sound file; one that was not finished is removed."""

    def __init__(self, path: Path, rate: int) -> None:
        try:
            self._file = soundfile.SoundFile(path, "w", samplerate=rate, channels=1)
        except (soundfile.LibsndfileError, ValueError, TypeError) as error:
            raise InvalidRequest(f"Cannot write {path}: {error}") from None

    async def write(self, pcm: bytes) -> None:
        await asyncio.to_thread(self._file.buffer_write, pcm, "int16")

    async def close(self) -> None:
        await asyncio.to_thread(self._file.close)


class _Player:
    """Pipes audio into whatever player the machine has."""

    _COMMANDS = (
        ("pw-play", "--raw", "--rate={rate}", "--channels=1", "--format=s16", "-"),
        ("paplay", "--raw", "--rate={rate}", "--channels=1", "--format=s16le"),
        ("aplay", "-q", "-t", "raw", "-r", "{rate}", "-c", "1", "-f", "S16_LE"),
        ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error", "-f", "s16le", "-ar", "{rate}", "-i", "-"),
        ("play", "-q", "-t", "raw", "-r", "{rate}", "-c", "1", "-e", "signed", "-b", "16", "-"),
    )

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, rate: int) -> _Player:
        for command in cls._COMMANDS:
            if shutil.which(command[0]):
                arguments = [part.format(rate=rate) for part in command]
                return cls(await asyncio.create_subprocess_exec(*arguments, stdin=asyncio.subprocess.PIPE))
        names = ", ".join(command[0] for command in cls._COMMANDS)
        raise InvalidRequest(f"Nothing to play with; install one of {names}, or write a file with -o")

    async def write(self, pcm: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(pcm)
        await self._process.stdin.drain()

    async def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
