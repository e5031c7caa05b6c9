"""Real brokers, each a process of its own that can be ended and started again on the same port; and bad ones."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
_START_SECONDS = 20.0


@dataclass(frozen=True)
class Certificates:
    """What a broker with TLS shows, and what its clients trust."""

    authority: Path
    certificate: Path
    key: Path


class Broker:
    """A broker on a free port of the loopback interface."""

    def __init__(
        self, folder: Path, *, users: Mapping[str, str] | None = None, tls: Certificates | None = None, port: int = 0
    ) -> None:
        self.port = port or free_port()
        self._folder = folder
        self._users = users or {}
        self._tls = tls
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, again or for the first time, and wait until it listens."""
        log = self._folder / f"{type(self).__name__}-{self.port}.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(self._command(), stdout=output, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + _START_SECONDS
        while not self._listens():
            assert self._process.poll() is None and time.monotonic() < deadline, log.read_text()[-2000:]
            time.sleep(0.02)

    def stop(self) -> None:
        """End it in good order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it without a goodbye."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Have it neither answer nor hang up."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Have it go on."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _end(self, how: signal.Signals) -> None:
        if self._process:
            self._process.send_signal(how)
            self._process.wait(10)
            self._process = None

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False


class Mosquitto(Broker):
    """Eclipse Mosquitto, which speaks MQTT 5."""

    def _command(self) -> list[str]:
        assert MOSQUITTO
        lines = [f"listener {self.port} 127.0.0.1", f"allow_anonymous {str(not self._users).lower()}"]
        if self._users:
            passwords = self._folder / f"passwords-{self.port}"
            passwords.write_text("".join(f"{user}:{_mosquitto_hash(word)}\n" for user, word in self._users.items()))
            lines.append(f"password_file {passwords}")
        if self._tls:
            lines += [f"certfile {self._tls.certificate}", f"keyfile {self._tls.key}"]
        if (user := _own_name()) == "root":
            lines.append(f"user {user}")
        config = self._folder / f"mosquitto-{self.port}.conf"
        config.write_text("\n".join(lines) + "\n")
        return [MOSQUITTO, "-c", str(config)]


class Amqtt(Broker):
    """amqtt, in Python, which speaks 3.1.1."""

    def _command(self) -> list[str]:
        users = [f"{user}={word}" for user, word in self._users.items()]
        files = [str(self._tls.certificate), str(self._tls.key)] if self._tls else ["", ""]
        return [sys.executable, __file__, str(self.port), *files, *users]


def _mosquitto_hash(password: str) -> str:
    """A password as Mosquitto keeps it: PBKDF2 with SHA-512."""
    import base64
    import hashlib

    salt, rounds = b"openspeakers", 101
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds)
    return f"$7${rounds}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def _own_name() -> str:
    import getpass

    return getpass.getuser()


def free_port() -> int:
    """A TCP port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class BadBroker:
    """Something that listens where a broker should."""

    port: int
    calls: int = 0
    """How often somebody connected."""


@asynccontextmanager
async def silent_broker() -> AsyncIterator[BadBroker]:
    """Accepts and never answers."""
    async with _bad_broker(hang_up=False) as broker:
        yield broker


@asynccontextmanager
async def hanging_up_broker() -> AsyncIterator[BadBroker]:
    """Accepts and hangs up at once."""
    async with _bad_broker(hang_up=True) as broker:
        yield broker


@asynccontextmanager
async def _bad_broker(*, hang_up: bool) -> AsyncIterator[BadBroker]:
    broker = BadBroker(0)
    writers: list[asyncio.StreamWriter] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker.calls += 1
        writers.append(writer)
        if not hang_up:
            with suppress(OSError):
                await reader.read()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    broker.port = server.sockets[0].getsockname()[1]
    try:
        yield broker
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)


@dataclass
class Wire:
    """Between a client and a broker, to be cut."""

    port: int
    writers: list[asyncio.StreamWriter]

    def cut(self) -> None:
        """Lose all connections without a goodbye."""
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()


@asynccontextmanager
async def wire_to(port: int, *, refuses_5: bool = False) -> AsyncIterator[Wire]:
    """A way to a broker that can be cut; with `refuses_5` only MQTT 3.1.1 gets through, as with older brokers."""
    wire = Wire(0, [])

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if refuses_5:
            begin = await reader.read(4096)
            if begin[begin.index(b"MQTT") + 4 :][:1] == b"\x05":
                writer.write(b"\x20\x02\x00\x01")
                writer.close()
                return
        there, back = await asyncio.open_connection("127.0.0.1", port)
        wire.writers += [writer, back]
        if refuses_5:
            back.write(begin)
        await asyncio.gather(copy(reader, back), copy(there, writer))

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        wire.cut()
        await asyncio.sleep(0)


async def _run_amqtt(port: int, certificate: str, key: str, users: Mapping[str, str], folder: Path) -> None:
    from amqtt.broker import Broker as AmqttBroker
    from pwdlib.hashers.argon2 import Argon2Hasher

    listener: dict[str, Any] = {"type": "tcp", "bind": f"127.0.0.1:{port}"}
    if certificate:
        listener |= {"ssl": True, "certfile": certificate, "keyfile": key}
    plugins: dict[str, Any] = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": not users}}
    if users:
        passwords = folder / "passwords"
        passwords.write_text("".join(f"{user}:{Argon2Hasher().hash(word)}\n" for user, word in users.items()))
        plugins = {"amqtt.plugins.authentication.FileAuthPlugin": {"password_file": str(passwords)}}
    broker = AmqttBroker({"listeners": {"default": listener}, "plugins": plugins})
    await broker.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    import tempfile

    _port, _certificate, _key, *_users = sys.argv[1:]
    with tempfile.TemporaryDirectory() as _folder:
        _known = dict(user.split("=", 1) for user in _users)
        asyncio.run(_run_amqtt(int(_port), _certificate, _key, _known, Path(_folder)))
