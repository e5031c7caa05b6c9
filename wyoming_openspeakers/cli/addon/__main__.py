"""What the add-on's container runs: `serve`, and `ready` beside it."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ...errors import SpeechError
from .options import AddonOptions, read_options
from .plan import INGRESS, Places, has_own, own_settings, plan
from .privileges import become, write_private
from .ready import fetch_models, tell_home_assistant, wait_until_ready
from .supervisor import SUPERVISOR, TOKENS, Broker, Supervisor, SupervisorFailed

_LOGGER = logging.getLogger(__name__)
USER = "openspeakers"
_START_SECONDS = 600.0
"""A small board that has just been switched on has much else to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(format="%(asctime)s %(levelname)s addon: %(message)s", level="INFO")
    places = Places(options.data, options.own, options.private, options.uri, options.http, options.ingress)
    try:
        given = read_options(options.options)
        supervisor = Supervisor.of(os.environ, options.supervisor)
        if options.command == "ready":
            return _ready(given, supervisor, places)
        _serve(given, supervisor, places, options.user)
    except SpeechError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 1


def _serve(given: AddonOptions, supervisor: Supervisor, places: Places, user: str) -> None:
    """Become the service."""
    made = plan(given, _broker(given, supervisor, places), places)
    for path, text in made.files.items():
        write_private(path, text)
    # What the service and its engines have no use for, they do not get.
    environment = {name: value for name, value in os.environ.items() if name not in TOKENS}
    environment.update(made.environment)
    become(user, (places.data, places.private), environment)
    command = [sys.executable, "-m", "wyoming_openspeakers", "serve", *made.arguments]
    os.execve(sys.executable, command, environment)


def _broker(given: AddonOptions, supervisor: Supervisor, places: Places) -> Broker | None:
    """The broker to use: none where there is none, or where the user's own file names one."""
    if not given.mqtt or has_own(own_settings(places), "mqtt", "host"):
        return None
    try:
        return supervisor.broker()
    except SupervisorFailed as error:
        _LOGGER.info("MQTT is off. %s", error)
        return None


def _ready(given: AddonOptions, supervisor: Supervisor, places: Places) -> int:
    """Never fails: the service speaks also where Home Assistant was not told."""
    if wait_until_ready(places.uri, _START_SECONDS):
        tell_home_assistant(supervisor, places.uri)
        fetch_models(given.models, places)
    return 0


def _parser() -> argparse.ArgumentParser:
    usual = Places()
    parser = argparse.ArgumentParser(prog="python -m wyoming_openspeakers.cli.addon", description=__doc__)
    parser.add_argument("command", choices=["serve", "ready"])
    parser.add_argument("--options", type=Path, default=Path("/data/options.json"), metavar="FILE")
    parser.add_argument("--data", type=Path, default=usual.data, metavar="DIR")
    parser.add_argument("--own", type=Path, default=usual.own, metavar="DIR")
    parser.add_argument("--private", type=Path, default=usual.private, metavar="DIR")
    parser.add_argument("--uri", default=usual.uri)
    parser.add_argument("--http", default=usual.http, metavar="HOST:PORT")
    parser.add_argument("--ingress", default=INGRESS, metavar="ADDRESS")
    parser.add_argument("--supervisor", default=SUPERVISOR, metavar="URL")
    parser.add_argument("--user", default=USER)
    return parser


if __name__ == "__main__":
    sys.exit(main())
