"""Clients in a process of their own, so that one measurement does not slow the other's clock: JSON on stdout."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

from bench.client import ServerError, describe, speak
from bench.texts import texts


@dataclass(frozen=True)
class Visit:
    """What a crowd got."""

    first_audio: tuple[float, ...]
    audio_seconds: float
    wall_seconds: float
    failures: int


def crowd(port: int, voice: str, clients: int, requests: int, seed: int) -> subprocess.Popen[str]:
    """Start clients that each make some requests in a row; `crowd_result` waits for them."""
    return _start("crowd", str(port), voice, str(clients), str(requests), str(seed))


def crowd_result(process: subprocess.Popen[str]) -> Visit:
    """What a crowd got, when it is done."""
    return Visit(**json.loads(_output(process)))


def describer(port: int, every: float) -> subprocess.Popen[str]:
    """Start a client that asks for `info` on new connections until its stdin closes."""
    return _start("describe", str(port), str(every))


def describer_result(process: subprocess.Popen[str]) -> list[float]:
    """End a describer and get its times in seconds; a failure counts as ten seconds."""
    times: list[float] = json.loads(_output(process))
    return times


def _start(*arguments: str) -> subprocess.Popen[str]:
    # In a session of its own: Ctrl-C reaches the measurement alone, which then ends its clients and servers.
    return subprocess.Popen(
        [sys.executable, "-m", __spec__.name, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def _output(process: subprocess.Popen[str], timeout: float = 300.0) -> str:
    try:
        output = process.communicate(timeout=timeout)[0]
    finally:
        process.kill()
    if process.returncode:
        raise RuntimeError(f"the clients failed with status {process.returncode}")
    return output


async def _crowd(port: int, voice: str, clients: int, requests: int, seed: int) -> Visit:
    first: list[float] = []
    seconds = 0.0
    failures = 0

    async def client(number: int) -> None:
        nonlocal seconds, failures
        # A client starts somewhere else in the cycle of lengths than its neighbours.
        for text in itertools.islice(texts(seed * 1000 + number), number % 3, number % 3 + requests):
            try:
                spoken = await speak(port, text, voice)
            except (ServerError, OSError, TimeoutError):
                failures += 1
            else:
                first.append(spoken.first_audio)
                seconds += spoken.seconds

    began = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(clients)))
    return Visit(tuple(first), seconds, time.perf_counter() - began, failures)


async def _describe(port: int, every: float) -> list[float]:
    times: list[float] = []
    asked: set[asyncio.Task[None]] = set()
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

    async def ask() -> None:
        try:
            times.append(await describe(port))
        except (OSError, EOFError, TimeoutError):
            times.append(10.0)

    # Every question has a connection of its own and none waits for the one before: a stall hits all that fall in it.
    while not ended.done():
        task = asyncio.create_task(ask())
        asked.add(task)
        task.add_done_callback(asked.discard)
        await asyncio.sleep(every)
    await asyncio.gather(*asked)
    return times


def _main() -> None:
    what, port, *rest = sys.argv[1:]
    if what == "crowd":
        voice, clients, requests, seed = rest
        print(json.dumps(asdict(asyncio.run(_crowd(int(port), voice, int(clients), int(requests), int(seed))))))
    else:
        print(json.dumps(asyncio.run(_describe(int(port), float(rest[0])))))


if __name__ == "__main__":
    _main()
