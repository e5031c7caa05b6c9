"""What a broker that comes and goes does to speech, and how soon the house knows again how things are."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field

import aiomqtt
from bench.client import ServerError, speak
from bench.results import Figure, percentile
from bench.servers import Server, our_server
from bench.setup import Setup
from bench.texts import sentences
from fronts.mqtt.brokers import MOSQUITTO, Amqtt, Broker, Mosquitto
from fronts.mqtt.house import House, listening

_CLIENTS = 3
_ROUND = 3.0
_SETTLE = 3.0
_BASE = "openspeakers"


@dataclass
class _Side:
    """A server with its broker, and what was seen of it."""

    server: Server
    broker: Broker
    killed: Broker
    """The same, or a stranger: to start one is work for the machine, and both sides shall have it."""

    first_audio: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    returns: list[float] = field(default_factory=list)
    """Seconds from each return of the broker until it knew everything."""


def measure(setup: Setup) -> list[Figure]:
    """Take turns between a server whose broker stays and one whose broker is killed and started again."""
    kind: type[Broker] = Mosquitto if MOSQUITTO else Amqtt
    with ExitStack() as stack:
        stays, stranger, goes = (stack.enter_context(kind(setup.folder)) for _ in range(3))
        sides = []
        for broker, killed in ((stays, stranger), (goes, goes)):
            with _environment(MQTT__HOST="127.0.0.1", MQTT__PORT=str(broker.port)):
                sides.append(_Side(stack.enter_context(our_server(setup)), broker, killed))
        return asyncio.run(_measure(sides[0], sides[1], setup.count(20, least=2)))


async def _measure(steady: _Side, shaken: _Side, restarts: int) -> list[Figure]:
    texts = sentences(seed=47)
    for side in (steady, shaken):
        for _ in range(20):
            await speak(side.server.port, next(texts))
        await _until_known(side)
    await asyncio.sleep(_SETTLE)
    before = _weigh(shaken.server)
    for number in range(restarts):
        for side in (steady, shaken) if number % 2 else (shaken, steady):
            lines = [next(sentences(seed=1000 + number * _CLIENTS + client)) for client in range(_CLIENTS)]
            async with _load(side, lines, seed=number):
                await _shake(side, random.Random(number))
    await asyncio.sleep(_SETTLE)
    after = _weigh(shaken.server)
    spoken = len(shaken.first_audio)
    mine, others = (percentile(side.first_audio, 95) for side in (shaken, steady))
    return [
        Figure("mqtt", "speech that failed", len(shaken.failures), at_most=0,
               note="; ".join([f"of {spoken}, {restarts} restarts of the broker", *shaken.failures[:3]])),
        Figure("mqtt", "first audio, 95th percentile: ratio", mine / others, at_most=1.1,
               note=f"{mine * 1000:.0f} ms against {others * 1000:.0f} ms with a broker that stays"),
        Figure("mqtt", "all is known after a return, slowest", max(shaken.returns), "s", at_most=5,
               note=f"middle {percentile(shaken.returns, 50):.1f} s"),
        Figure("mqtt", "tasks, growth", after[1] - before[1], at_most=0, note=f"from {before[1]}"),
        Figure("mqtt", "main process, growth", after[0] - before[0], "MB", at_most=10, note=f"from {before[0]:.0f} MB"),
    ]  # fmt: skip


@asynccontextmanager
async def _load(side: _Side, texts: list[str], seed: int) -> AsyncIterator[None]:
    """Speak, as people do, for as long as this lasts."""
    is_over = asyncio.Event()

    async def client(number: int, text: str) -> None:
        pause = random.Random(seed * _CLIENTS + number)
        while not is_over.is_set():
            try:
                spoken = await speak(side.server.port, text, patience=30)
                side.first_audio.append(spoken.first_audio)
            except (ServerError, OSError, TimeoutError) as error:
                side.failures.append(str(error) or type(error).__name__)
            await asyncio.sleep(pause.uniform(0.05, 0.4))

    clients = [asyncio.create_task(client(number, text)) for number, text in enumerate(texts)]
    try:
        yield
    finally:
        is_over.set()
        await asyncio.gather(*clients)


async def _shake(side: _Side, chance: random.Random) -> None:
    """Kill a broker and start it again after a while; it has forgotten everything."""
    began = time.monotonic()
    await asyncio.sleep(chance.uniform(0.1, 0.5))
    await asyncio.to_thread(side.killed.kill)
    await asyncio.sleep(chance.uniform(0.1, 2.0))
    await asyncio.to_thread(side.killed.start)
    side.returns.append(await _until_known(side))
    await asyncio.sleep(max(0.0, began + _ROUND - time.monotonic()))


async def _until_known(side: _Side) -> float:
    """Seconds until the broker knows how the service is."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(listening(side.broker.port, f"{_BASE}/#"))
        states = await asyncio.to_thread(side.server.says_about, "/health")
        with contextlib.suppress(aiomqtt.MqttError):
            await house.until(lambda heard: _is_right(heard, states.get("models")), within=30)
    return time.monotonic() - began


def _is_right(house: House, models: object) -> bool:
    topics = ("state", "models", "queue", "voice", "model", "speed", "keep_alive", "service", "last_job")
    if house.now.get(f"{_BASE}/availability") != "online" or any(f"{_BASE}/{name}" not in house.now for name in topics):
        return False
    told = json.loads(house.now[f"{_BASE}/models"])["models"]
    return {model["id"]: model["state"] for model in told} == models


def _weigh(server: Server) -> tuple[float, int]:
    return server.memory(), int(str(server.says_about("/health").get("tasks", 0)))


@contextlib.contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Set what our server is told through its environment."""
    named = {f"OPENSPEAKERS__{name}": value for name, value in variables.items()}
    os.environ.update(named)
    try:
        yield
    finally:
        for name in named:
            del os.environ[name]
