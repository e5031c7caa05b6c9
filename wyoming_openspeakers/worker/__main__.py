"""Start a worker: `python -m wyoming_openspeakers.worker FD LOG_LEVEL`, with a socket to the service as FD."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import logging
import os
import signal
import socket
import sys

_PR_SET_PDEATHSIG = 1


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

    from .server import WorkerServer

    with socket.socket(fileno=descriptor) as connection, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        WorkerServer(connection).run()
    # Not sys.exit: threads inside native code must not keep the process.
    os._exit(0)


if __name__ == "__main__":
    main()
