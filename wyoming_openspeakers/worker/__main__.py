"""Start a worker: `python -P .../worker/__main__.py FD PARENT LOG_LEVEL`, with a socket to the service as FD.

It is run as a file, for the interpreter may be that of an environment without this package.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import importlib.util
import logging
import os
import signal
import socket
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def _find_package() -> None:
    """Make this package importable, and nothing that lies beside it: the environment has its own numpy and torch."""
    folder = Path(__file__).resolve().parents[1]
    spec = importlib.util.spec_from_file_location(folder.name, folder / "__init__.py")
    assert spec and spec.loader
    package = sys.modules[folder.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)


def _die_with_parent(parent: int) -> None:
    """Have the kernel end this process with the service, even when native code holds the interpreter."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def main() -> None:
    """Run until the service closes the socket."""
    descriptor, parent, level = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    _die_with_parent(parent)
    faulthandler.enable()
    # An engine that prints must not disturb what the service prints.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    logging.basicConfig(level=level.upper(), format="%(levelname)s:worker:%(name)s:%(message)s")
    for handler in logging.getLogger().handlers:
        # A library that sets the level of its own logger is heard no more than the others.
        handler.setLevel(level.upper())
    _find_package()

    from wyoming_openspeakers.worker.memory import share_arenas

    share_arenas()

    from wyoming_openspeakers.worker.server import WorkerServer

    with socket.socket(fileno=descriptor) as connection, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        WorkerServer(connection).run()
    # Not sys.exit: threads inside native code must not keep the process.
    os._exit(0)


if __name__ == "__main__":
    main()
