"""Measure the service: `script/bench` for everything, `script/bench NAME ...` for a part."""

from __future__ import annotations

import argparse
import importlib
import os
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.results import Figure, as_json, markdown_table, plain_table
from bench.setup import Setup

from wyoming_openspeakers.no_telemetry import be_silent

_MEASUREMENTS = {
    "peers": "peers",
    "crowd": "crowd",
    "overhead": "overhead",
    "asr": "intelligibility",
    "words": "words",
    "footprint": "footprint",
    "cancel": "cancel",
    "fuzz": "fuzz",
    "swap": "swap",
    "budget": "budget",
    "killed": "killed",
    "idle": "idle",
    "resume": "resume",
    "history": "history",
    "http": "http",
    "console": "console",
    "mqtt": "mqtt",
    "streaming": "streaming",
    "gpu": "gpu",
}
_REPOSITORY = Path(__file__).parents[2]


def main() -> int:
    """Run measurements; 1 when one misses its aim or cannot be taken."""
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(_MEASUREMENTS)}; all by default")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to a file")
    parser.add_argument("--markdown", action="store_true", help="print one Markdown table at the end")
    parser.add_argument("--assets", type=Path, help="folder with piper/, kokoro/ and whisper-tiny.en/")
    parser.add_argument("--server", help="command that starts the service under test, before `serve` and its flags")
    parser.add_argument("--scale", type=float, default=1.0, help="part of the requests to make, for a quick look")
    parser.add_argument("--against-itself", action="store_true", help="wyoming-piper in our place: shows the noise")
    parser.add_argument("--verbose", action="store_true", help="tell what was misheard")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in _MEASUREMENTS]:
        parser.error(f"no measurement is called {unknown[0]}; there are {', '.join(_MEASUREMENTS)}")
    assets = options.assets or Path(os.environ.get("OPENSPEAKERS_ASSETS") or _REPOSITORY / ".assets")
    # For the servers that are compared with, too, which inherit it.
    be_silent()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    figures: list[Figure] = []
    failed = False

    def keep(taken: Sequence[Figure]) -> None:
        if options.json:
            options.json.write_text(as_json([*figures, *taken]) + "\n", encoding="utf-8")

    # A file that cannot be written is known before an hour's work.
    keep([])
    for name in options.names or _MEASUREMENTS:
        began = time.monotonic()
        print(f"\n{name} (load average before it: {os.getloadavg()[0]:.1f})", flush=True)
        with tempfile.TemporaryDirectory(prefix="openspeakers-bench-") as folder:
            setup = Setup(assets.resolve(), Path(folder), against_itself=options.against_itself,
                          verbose=options.verbose, scale=options.scale, keep=keep)  # fmt: skip
            if options.server:
                setup = replace(setup, command=tuple(shlex.split(options.server)))
            try:
                taken = importlib.import_module(f"bench.{_MEASUREMENTS[name]}").measure(setup)
            except KeyboardInterrupt:
                return 130
            except Exception as error:  # one measurement that cannot be taken must not cost the others
                print(f"could not be measured: {type(error).__name__}: {error}", flush=True)
                failed = True
                continue
        figures += taken
        keep([])
        print(plain_table(taken), f"\n({time.monotonic() - began:.0f} s)", flush=True)
    if options.markdown or not options.names:
        print(f"\n{markdown_table(figures)}")
    return 1 if failed or any(figure.holds is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
