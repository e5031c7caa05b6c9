"""HTTP clients that time what they get, as thin as can be; a crowd of them has a process of its own."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field

from bench.texts import sentences

_HOST = "127.0.0.1"
_PATIENCE = 60.0
_AGAIN_AFTER = 0.05


@dataclass(frozen=True)
class Heard:
    """An answer."""

    status: int
    first_byte: float
    """Seconds from the request to the first byte of the body; the connection was open already."""

    total: float
    body: bytes


@dataclass(frozen=True)
class Rush:
    """What a crowd got."""

    statuses: dict[str, int] = field(default_factory=dict)
    """How many answers had which status; `broken` for those that did not come to their end."""

    first_byte: tuple[float, ...] = ()
    wall_seconds: float = 0.0


async def speech(port: int, text: str, voice: str, audio_format: str = "pcm") -> Heard:
    """Ask for a text on a new connection and take all of its audio."""
    reader, writer = await asyncio.open_connection(_HOST, port)
    try:
        async with asyncio.timeout(_PATIENCE):
            return await _ask(reader, writer, text, voice, audio_format)
    finally:
        writer.close()


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str, voice: str, audio_format: str
) -> Heard:
    wanted = {"model": "tts-1", "voice": voice, "input": text, "response_format": audio_format}
    body = json.dumps(wanted).encode()
    head = (
        f"POST /v1/audio/speech HTTP/1.1\r\nHost: {_HOST}\r\nContent-Type: application/json\r\n"
        f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    began = time.perf_counter()
    writer.write(head.encode() + body)
    headers = await reader.readuntil(b"\r\n\r\n")
    status = int(headers.split(b" ", 2)[1])
    if b"transfer-encoding: chunked" not in headers.lower():
        body = await reader.read()
        now = time.perf_counter() - began
        return Heard(status, now, now, body)
    first = 0.0
    pieces: list[bytes] = []
    while size := int(await reader.readline(), 16):
        piece = await reader.readexactly(size)
        first = first or time.perf_counter() - began
        pieces.append(piece)
        await reader.readexactly(2)
    return Heard(status, first, time.perf_counter() - began, b"".join(pieces))


def rush(port: int, voice: str, clients: int, requests: int, text: str = "", seed: int = 0) -> subprocess.Popen[str]:
    """Start clients that make some requests in a row, of one text or, without one, of a new one each time."""
    # In a session of its own: Ctrl-C reaches the measurement alone, which then ends its clients and servers.
    return subprocess.Popen(
        [sys.executable, "-m", __spec__.name, str(port), voice, str(clients), str(requests), text, str(seed)],
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def rush_result(process: subprocess.Popen[str], timeout: float = 240.0) -> Rush:
    """What a crowd got, when it is done."""
    try:
        output = process.communicate(timeout=timeout)[0]
    finally:
        process.kill()
    if process.returncode:
        raise RuntimeError(f"the clients failed with status {process.returncode}")
    return Rush(**json.loads(output))


async def _rush(port: int, voice: str, clients: int, requests: int, text: str, seed: int) -> Rush:
    statuses: Counter[str] = Counter()
    first: list[float] = []

    async def client(number: int) -> None:
        texts = itertools.repeat(text) if text else sentences(seed * 1000 + number, length=1)
        for words in itertools.islice(texts, requests):
            try:
                heard = await speech(port, words, voice)
            except (OSError, EOFError, TimeoutError, ValueError):
                statuses["broken"] += 1
                continue
            statuses[str(heard.status)] += 1
            if heard.status == 200:
                first.append(heard.first_byte)
            else:
                await asyncio.sleep(_AGAIN_AFTER)

    began = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(clients)))
    return Rush(dict(statuses), tuple(first), time.perf_counter() - began)


def _main() -> None:
    port, voice, clients, requests, text, seed = sys.argv[1:]
    print(json.dumps(asdict(asyncio.run(_rush(int(port), voice, int(clients), int(requests), text, int(seed))))))


if __name__ == "__main__":
    _main()
