"""`voices`: list the voices that can be used now."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from ..models.languages import primary
from .options import add_common, service_from


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("voices", help="list the voices that can be used now", description=__doc__)
    parser.add_argument("--language", metavar="TAG", help="only voices of this language, such as de or en-GB")
    add_common(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a line per voice; the default voice is marked with *. 1 when there is none."""
    catalog = service_from(options, log_level=options.log_level or "warning").manager.catalog
    default = catalog.default().installed.name if catalog.voices else ""
    wanted = (options.language or "").replace("_", "-").lower()
    count = 0
    for name, installed in catalog.voices.items():
        languages = ", ".join(installed.voice.languages)
        if wanted and not any(wanted in (tag.lower(), primary(tag)) for tag in installed.voice.languages):
            continue
        count += 1
        mark = "*" if name == default else " "
        print(f"{mark} {name:<32} {languages:<10} {installed.voice.description}".rstrip())
    if not count:
        what = f"No voice speaks {options.language}" if wanted else "No voice is installed"
        print(f"{what}; `wyoming-openspeakers models` lists what can be had", file=sys.stderr)
    return 0 if count else 1
