"""`health`: ask a running service what it speaks, as Home Assistant does; for containers and watchdogs."""

from __future__ import annotations

import argparse
import os
import re
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, cast
from urllib.parse import unquote, urlsplit

from wyoming.event import Event, read_event, write_event

_DEFAULT = "tcp://127.0.0.1:10200"
_VARIABLE = "OPENSPEAKERS__WYOMING__URIS"
_URI = re.compile(r"tcp://(?:\[[^\]]*\]|[^\s,'\"\]:]+):\d+|unix://[^\s,'\"\]]+")
_OWN = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Where a service that listens on all addresses is reached from its own machine."""

_PATIENCE = 8.0


class Unwell(Exception):
    """The service cannot be used; its text says why."""


def add_to(commands: Any) -> None:
    """Add the command."""
    _fill(commands.add_parser("health", help="tell whether a running service answers", description=__doc__))


def run(options: argparse.Namespace) -> int:
    """Print what the service answers; 1 when it does not, or has nothing to speak with."""
    uri = options.uri or own_uri(os.environ)
    try:
        voices = speaking_voices(ask(uri, options.timeout))
    except Unwell as error:
        print(f"{uri}: {error}")
        return 1
    print(f"{uri}: well, {len(voices)} voice{'' if len(voices) == 1 else 's'}")
    return 0


def ask(uri: str, patience: float = _PATIENCE) -> dict[str, Any]:
    """What a Wyoming server answers to `describe`."""
    deadline = time.monotonic() + patience
    try:
        with _connect(uri, patience) as connection, connection.makefile("rwb") as file:
            stream = cast(BinaryIO, file)
            write_event(Event("describe"), stream)
            while event := _next(connection, stream, deadline):
                if event.type == "info":
                    return event.data
    except TimeoutError:
        raise Unwell(f"does not answer within {patience:g} s") from None
    except OSError as error:
        raise Unwell(error.strerror or str(error)) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise Unwell("does not answer as Wyoming does")


def speaking_voices(info: Mapping[str, Any]) -> list[str]:
    """The voices that can speak now; raises where there is none."""
    programs = [program for program in info.get("tts") or () if program.get("installed")]
    voices = [voice["name"] for program in programs for voice in program.get("voices", ()) if voice.get("installed")]
    if not voices:
        raise Unwell("answers, but has no voice to speak with")
    return voices


def own_uri(environment: Mapping[str, str]) -> str:
    """Where the service of this container or machine listens: the first URI that its variable names."""
    found = _URI.search(environment.get(_VARIABLE, ""))
    return found[0] if found else _DEFAULT


def _connect(uri: str, patience: float) -> socket.socket:
    parts = urlsplit(uri)
    if parts.scheme == "unix" and parts.path:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(patience)
        try:
            connection.connect(unquote(parts.path))
        except OSError:
            connection.close()
            raise
        return connection
    if parts.scheme != "tcp" or not parts.hostname or not parts.port:
        raise Unwell("must look like tcp://127.0.0.1:10200 or unix:///run/openspeakers.sock")
    return socket.create_connection((_OWN.get(parts.hostname, parts.hostname), parts.port), patience)


def _next(connection: socket.socket, stream: BinaryIO, deadline: float) -> Event | None:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
    return read_event(stream)


def _fill(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "uri", nargs="?", metavar="URI", help=f"where the service listens (default: the first of ${_VARIABLE})"
    )
    parser.add_argument(
        "--timeout", type=float, default=_PATIENCE, metavar="SECONDS", help="how long to wait (default %(default)g)"
    )
    parser.set_defaults(run=run)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command by itself: a watchdog asks twice a minute, and this way loads next to nothing."""
    parser = argparse.ArgumentParser(prog="python -m wyoming_openspeakers.cli.health", description=__doc__)
    _fill(parser)
    return run(parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
