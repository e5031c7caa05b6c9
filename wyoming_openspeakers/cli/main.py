"""Which command was meant, and how errors end it."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from .. import __version__
from ..errors import SpeechError
from ..no_telemetry import be_silent

_COMMANDS = ("serve", "say", "voices", "text", "models", "engines", "check", "health")
"""Modules of this package."""

_EXAMPLES = """examples:
  wyoming-openspeakers                                 serve on port 10200
  wyoming-openspeakers say "Dinner is ready." -o dinner.wav
  wyoming-openspeakers models download kokoro          54 more voices
  wyoming-openspeakers engines install torch           what models on PyTorch need
  wyoming-openspeakers COMMAND --help                  all that a command can do"""


def parser(only: str = "") -> argparse.ArgumentParser:
    """The parser of all commands, or of one: what the others import is not wanted in a service."""
    top = argparse.ArgumentParser(
        prog="wyoming-openspeakers",
        description="Open voices for the home, over the Wyoming protocol. Without a command: serve.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for command in (only,) if only in _COMMANDS else _COMMANDS:
        importlib.import_module(f".{command}", __package__).add_to(commands)
    return top


def run(arguments: Sequence[str]) -> int:
    """Run a command; the exit status."""
    be_silent()
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output went away, as `| head` does; what Python still holds goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(arguments: Sequence[str]) -> int:
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help", "--version")):
        arguments = ["serve", *arguments]
    options = parser(arguments[0]).parse_args(arguments)
    try:
        status: int = options.run(options)
    except SpeechError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return status
