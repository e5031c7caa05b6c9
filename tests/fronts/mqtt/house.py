"""Somebody in the house who listens to a broker, and says something now and then."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiomqtt


class House:
    """All that was heard."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self._news = asyncio.Condition()
        self.retained: dict[str, str] = {}
        """What newcomers were told."""

        self.now: dict[str, str] = {}
        """The last word of each topic; those that were cleared are gone."""

        self.heard: list[tuple[str, str]] = []
        """Everything, in order."""

    async def say(self, topic: str, payload: str | bytes = "", *, retain: bool = False) -> None:
        """Publish something."""
        await self._client.publish(topic, payload, qos=1, retain=retain)

    async def until(self, is_so: Callable[[House], object], within: float = 10.0) -> None:
        """Wait until what was heard is as it shall be."""
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(lambda: bool(is_so(self)))
        except TimeoutError:
            raise AssertionError(f"not so after {within} s: {self.now}") from None

    def json(self, topic: str) -> Any:
        """What a topic says now; None when it says nothing."""
        return json.loads(self.now[topic]) if topic in self.now else None

    def all(self, topic: str) -> list[Any]:
        """Everything that a topic has said, as JSON."""
        return [json.loads(payload) for name, payload in self.heard if name == topic and payload]

    async def _listen(self) -> None:
        with suppress(aiomqtt.MqttError):
            async for message in self._client.messages:
                topic, payload = str(message.topic), bytes(message.payload).decode(errors="replace")
                async with self._news:
                    if message.retain:
                        self.retained[topic] = payload
                    self.heard.append((topic, payload))
                    self.now[topic] = payload
                    if not payload:
                        del self.now[topic]
                    self._news.notify_all()


@asynccontextmanager
async def listening(port: int, topic_filter: str = "#", **login: Any) -> AsyncIterator[House]:
    """Listen to a broker on the loopback interface."""
    async with aiomqtt.Client("127.0.0.1", port, **login) as client:
        await client.subscribe(topic_filter, qos=1)
        house = House(client)
        ears = asyncio.create_task(house._listen())
        try:
            yield house
        finally:
            ears.cancel()
            await asyncio.gather(ears, return_exceptions=True)
