"""The command `wyoming-openspeakers`."""

from __future__ import annotations

import sys

from .cli.main import run


def main() -> None:
    """Run a command and exit with its status."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
