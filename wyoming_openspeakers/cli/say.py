"""`say`: speak a text into a file or to the loudspeaker."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

from ..service import Service
from ..speech.request import SpeechRequest
from .options import add_common, given_text, service_from
from .sound import Player, Sink, SoundFile

_WIDTH = 2


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
    service = service_from(
        options, log_level=options.log_level or "warning", **{"voice.speed": options.speed, "models.preload": []}
    )
    folder = Path(service.config.audio.output_dir).expanduser()
    sink: Sink = SoundFile(folder / options.output) if options.output else Player()
    request = SpeechRequest(
        voice=options.voice,
        language=options.language,
        speed=options.speed,
        ssml=options.ssml,
        client="say",
        front="cli",
    )
    return asyncio.run(_say(service, request, given_text(options), sink))


async def _say(service: Service, request: SpeechRequest, text: str, sink: Sink) -> int:
    service.speech.check_length(text)
    speaking = asyncio.current_task()
    assert speaking
    terminated = asyncio.Event()

    def terminate() -> None:
        terminated.set()
        speaking.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
    try:
        async with sink:
            await service.start(fronts=False)
            try:
                await _speak(service, request, text, sink)
            finally:
                await service.stop()
    except asyncio.CancelledError:
        if not terminated.is_set():
            raise
        return 128 + signal.SIGTERM
    return 0


async def _speak(service: Service, request: SpeechRequest, text: str, sink: Sink) -> None:
    seconds = 0.0
    shows = sys.stderr.isatty()
    try:
        async with service.speech.speak(request, text) as response:
            async for pcm in response.pcm():
                await sink.write(pcm, response.rate)
                seconds += len(pcm) / _WIDTH / response.rate
                if shows:
                    print(f"\r{seconds:7.1f} s of audio, {response.progress:4.0%} of the text", end="", file=sys.stderr)
    finally:
        if shows and seconds:
            print(file=sys.stderr)
