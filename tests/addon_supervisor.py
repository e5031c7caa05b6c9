"""A Supervisor on this machine: answers as its API does, and keeps what it was told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ITS_OWN = "of-this-addon"

MQTT = {"host": "core-mosquitto", "port": 1883, "username": "addons", "password": "pass:word", "ssl": False,
        "protocol": "3.1.1", "addon": "core_mosquitto"}  # fmt: skip


@dataclass
class FakeSupervisor:
    """What it knows and was told."""

    url: str = ""
    mqtt: dict[str, Any] | None = None
    refusals: int = 0
    """So many discoveries are refused before one is taken."""

    discovered: list[dict[str, Any]] = field(default_factory=list)
    garbage: bytes | None = None

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Its status and answer."""
        match method, path:
            case "GET", "/services/mqtt":
                return (200, _ok(self.mqtt)) if self.mqtt else (400, _error("Service not enabled"))
            case "POST", "/discovery" if self.refusals:
                self.refusals -= 1
                return 400, _error("System is not ready with state: setup")
            case "POST", "/discovery":
                message = json.loads(body)
                assert message.keys() == {"service", "config"}
                self.discovered.append(message)
                return 200, _ok({"uuid": "1234"})
        return 404, _error("Not found")


def _ok(data: Any) -> dict[str, Any]:
    return {"result": "ok", "data": data}


def _error(message: str) -> dict[str, Any]:
    return {"result": "error", "message": message}


@contextmanager
def running_supervisor() -> Iterator[FakeSupervisor]:
    """One on a port of its own."""
    fake = FakeSupervisor()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Authorization") != f"Bearer {ITS_OWN}":
                status, answer = 401, _error("unauthorized")
            else:
                status, answer = fake.answer(self.command, self.path, body)
            data = fake.garbage if fake.garbage is not None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
