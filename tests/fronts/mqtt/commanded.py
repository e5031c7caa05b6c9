"""A service that takes commands from a broker, and somebody in the house who sends them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiomqtt
from fronts.mqtt.brokers import Broker

from wyoming_openspeakers.fronts.mqtt.commands import Commands
from wyoming_openspeakers.fronts.mqtt.connection import Connection
from wyoming_openspeakers.fronts.mqtt.hermes import Hermes
from wyoming_openspeakers.fronts.mqtt.parts import Parts
from wyoming_openspeakers.fronts.mqtt.topics import Topics
from wyoming_openspeakers.service import Service

BASE = "openspeakers"


class Sender:
    """Sends commands and collects what is answered."""

    def __init__(self, client: aiomqtt.Client, service: Service) -> None:
        self._client = client
        self._news = asyncio.Condition()
        self._collecting = asyncio.create_task(self._collect())
        self.service = service
        self.got: list[tuple[str, bytes]] = []
        """All that was published, in order."""

        self.properties: dict[str, Any] = {}
        """Those of the last message of each topic."""

    async def stop(self) -> None:
        self._collecting.cancel()
        await asyncio.gather(self._collecting, return_exceptions=True)

    async def send(self, topic: str, payload: Any = "", **more: Any) -> None:
        """Publish; what is neither text nor bytes as JSON."""
        data = payload if isinstance(payload, str | bytes) else json.dumps(payload)
        await self._client.publish(topic, data, qos=1, **more)

    async def command(self, name: str, payload: Any = "", **more: Any) -> None:
        """Send a command."""
        await self.send(f"{BASE}/command/{name}", payload, **more)

    def events(self, name: str) -> list[dict[str, Any]]:
        """All events of a kind."""
        return self.told(f"{BASE}/event/{name}")

    def told(self, topic: str) -> list[dict[str, Any]]:
        """All that was said on a topic."""
        return [json.loads(payload) for of, payload in self.got if of == topic]

    async def event(self, name: str, **fields: Any) -> dict[str, Any]:
        """The first event with these fields."""
        return await self.heard(f"{BASE}/event/{name}", **fields)

    async def heard(self, topic: str, **fields: Any) -> dict[str, Any]:
        """The first message on a topic with these fields."""

        def found() -> list[dict[str, Any]]:
            return [told for told in self.told(topic) if told.items() >= fields.items()]

        await self.until(found)
        return found()[0]

    async def until(self, is_so: Any, within: float = 15.0) -> None:
        """Wait until what came is as it shall be."""
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(lambda: bool(is_so()))
        except TimeoutError:
            raise AssertionError([(topic, payload[:150]) for topic, payload in self.got[-30:]]) from None

    async def _collect(self) -> None:
        async for message in self._client.messages:
            async with self._news:
                self.got.append((str(message.topic), bytes(message.payload)))
                self.properties[str(message.topic)] = message.properties
                self._news.notify_all()


@asynccontextmanager
async def commanded(
    service: Service, broker: Broker, *, url: str | None = None, version: int = 4
) -> AsyncIterator[Sender]:
    """A service on a broker; `url` is where its side server is taken to be."""
    topics = Topics(BASE)
    mqtt = service.config.mqtt.model_copy(update={"host": "127.0.0.1", "port": broker.port})
    connection = Connection(mqtt, topics, "test")
    http = next((address for address in service.addresses if address.startswith("http:")), "")
    parts = Parts(
        config=service.config,
        bus=service.bus,
        manager=service.manager,
        speech=service.speech,
        jobs=service.jobs,
        gpus=service.gpus,
        profiles=service.profiles,
        installation="test",
        url=lambda: http if url is None else url,
    )
    hermes = Hermes(parts, connection)
    commands = Commands(parts, connection, topics, hermes.stop_speaking)
    async with aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion(version)) as client:
        for topic in (f"{BASE}/event/+", f"{BASE}/availability", "hermes/#", "rhasspy/#", "answers/#"):
            await client.subscribe(topic, qos=1)
        sender = Sender(client, service)
        commands.start()
        hermes.start()
        connection.start()
        try:
            await sender.until(lambda: (f"{BASE}/availability", b"online") in sender.got)
            yield sender
        finally:
            await commands.stop()
            await hermes.stop()
            await connection.stop()
            await sender.stop()
