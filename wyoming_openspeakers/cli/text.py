"""`text`: print what would be spoken, a segment a line, to see why a word is read as it is."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from ..speech.request import SpeechRequest
from .options import add_common, given_text, service_from


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("text", help="print what would be spoken", description=__doc__)
    parser.add_argument("text", metavar="TEXT", help='the text; "-" reads it from standard input')
    parser.add_argument("--language", metavar="TAG", help="language of the text; found out when it is not given")
    parser.add_argument("--voice", metavar="VOICE", help="as this voice would speak it")
    parser.add_argument("--ssml", action="store_true", help="the text is SSML")
    add_common(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the segments."""
    service = service_from(options, log_level=options.log_level or "warning")
    text = given_text(options)
    request = SpeechRequest(voice=options.voice, language=options.language, ssml=options.ssml)

    async def show() -> None:
        async for line in service.speech.script(request, text):
            print(line)

    asyncio.run(show())
    return 0
