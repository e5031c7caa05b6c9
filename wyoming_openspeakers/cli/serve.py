"""`serve`: run the service until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from typing import Any

from ..service import Service
from .allocator import give_back_memory, keep_memory_small
from .options import add_common, service_from

_SWITCH_AFTER = 0.001
"""Seconds after which a thread that computes lets the event loop go on: the history's, an encoder's."""


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("serve", help="run the service (the default)", description=__doc__)
    parser.add_argument(
        "--uri",
        action="append",
        metavar="URI",
        help="where to speak Wyoming: tcp://HOST:PORT or unix:///PATH; may be repeated (default tcp://0.0.0.0:10200)",
    )
    parser.add_argument(
        "--http", metavar="HOST:PORT", help='side server, "" for none (default 127.0.0.1:8080, this machine only)'
    )
    parser.add_argument("--voice", metavar="VOICE", help="default voice, such as kokoro/af_heart")
    parser.add_argument(
        "--zeroconf",
        action=argparse.BooleanOptionalAction,
        help="be discovered by Home Assistant on the local network (default: yes)",
    )
    add_common(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve."""
    keep_memory_small()
    sys.setswitchinterval(_SWITCH_AFTER)
    service = service_from(
        options,
        **{
            "wyoming.uris": options.uri,
            "wyoming.zeroconf": options.zeroconf,
            "http.address": options.http,
            "voice.default": options.voice,
        },
    )
    asyncio.run(_serve(service))
    return 0


async def _serve(service: Service) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await service.start()
    give_back_memory()
    print("Ready:", *service.addresses, flush=True)
    settling = asyncio.create_task(_settle(service), name="settle")
    try:
        await stop.wait()
    finally:
        settling.cancel()
        await service.stop()


async def _settle(service: Service) -> None:
    await service.speech.warmed()
    await asyncio.to_thread(give_back_memory)
