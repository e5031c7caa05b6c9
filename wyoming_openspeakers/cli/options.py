"""Options that commands share."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import Any

from ..config import Config, load_config
from ..service import Service


def add_common(parser: argparse.ArgumentParser, *, below: bool = False) -> None:
    """Options of every command; `below` a command that has them too, what was given there holds."""
    default = argparse.SUPPRESS if below else None
    parser.add_argument(
        "--config", type=Path, metavar="FILE", default=default, help="your settings, over the shipped config.yaml"
    )
    parser.add_argument(
        "--models", type=Path, metavar="FILE", default=default, help="your models, over the shipped models.yaml"
    )
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        default=default,
        help="folder for models, cache and state (default ~/.local/share/wyoming-openspeakers)",
    )
    parser.add_argument(
        "--log-level", choices=["debug", "info", "warning", "error"], default=default, help="how much to log"
    )


def config_from(options: argparse.Namespace, **flags: Any) -> Config:
    """The configuration as files, environment and options give it; also sets up logging."""
    given = {"data_dir": options.data_dir, "log_level": options.log_level, **flags}
    config = load_config(options.config, os.environ, {key: value for key, value in given.items() if value is not None})
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=config.log_level.upper())
    return config


def service_from(options: argparse.Namespace, **flags: Any) -> Service:
    """The service that the options describe."""
    return Service(config_from(options, **flags), options.models)


def given_text(options: argparse.Namespace) -> str:
    """The text that a command is given, or standard input for "-"; bytes that are no text do not stop it."""
    text: str = options.text
    raw = sys.stdin.buffer.read() if text == "-" else os.fsencode(text)
    return raw.decode(errors="replace")
