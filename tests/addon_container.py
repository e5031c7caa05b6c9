"""The add-on's container without one: its folders, its ports, and what its services start."""

from __future__ import annotations

import json
import os
import pwd
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from addon_supervisor import ITS_OWN

ROOT = Path(__file__).parents[1]
SERVICES = ROOT / "addon/rootfs/etc/s6-overlay/s6-rc.d"
PYTHON = "/opt/openspeakers/bin/python"
INGRESS, NEIGHBOUR = "127.0.0.2", "127.0.0.3"
"""Where the Supervisor comes from, and another add-on."""


def free_port() -> int:
    """One that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


class Container:
    """One add-on."""

    def __init__(self, folder: Path, supervisor: str, options: dict[str, Any], python: str = sys.executable) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.data.mkdir()
        self.own = folder / "config"
        self.own.mkdir()
        (self.data / "options.json").write_text(json.dumps(options))
        self.uri, self.http = f"tcp://127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        self._supervisor, self._python = supervisor, python
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, service: str, user: str = "", source: Path | None = ROOT) -> subprocess.Popen[bytes]:
        """What the script of a service starts, with this machine's own folders and ports."""
        words = shlex.split((SERVICES / service / "run").read_text().splitlines()[-1])
        assert words[:2] == ["exec", PYTHON]
        places = {
            "options": self.data / "options.json", "data": self.data / "openspeakers", "own": self.own,
            "private": self.folder / "run", "uri": self.uri, "http": self.http, "ingress": INGRESS,
            "supervisor": self._supervisor, "user": user or pwd.getpwuid(os.geteuid()).pw_name,
        }  # fmt: skip
        flags = [word for name, value in places.items() for word in (f"--{name}", str(value))]
        environment = {**os.environ, "SUPERVISOR_TOKEN": ITS_OWN}
        environment.pop("PYTHONPATH", None)
        with (self.folder / f"{service}.log").open("wb") as log:
            process = subprocess.Popen(
                [self._python, *words[2:], *flags],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=source or self.folder,
                env=environment,
            )
        self._processes.append(process)
        return process

    def log(self, service: str) -> str:
        """What a service has written."""
        return (self.folder / f"{service}.log").read_text()

    def stop(self) -> None:
        """End all of it."""
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(30)
