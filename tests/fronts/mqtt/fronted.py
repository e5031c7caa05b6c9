"""A service with its MQTT front, on a broker of a test's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from wyoming_openspeakers.config import Config
from wyoming_openspeakers.fronts.mqtt.front import MqttFront
from wyoming_openspeakers.fronts.mqtt.parts import Parts
from wyoming_openspeakers.fronts.mqtt.topics import Topics
from wyoming_openspeakers.service import Service
from wyoming_openspeakers.speech.request import SpeechRequest

TOPICS = Topics("openspeakers")


@asynccontextmanager
async def fronted(
    service: Service, port: int, installation: str = "a1b2c3", *, wait: bool = True, **mqtt: Any
) -> AsyncIterator[MqttFront]:
    """Its front, connected."""
    settings = service.config.mqtt.model_copy(update={"host": "127.0.0.1", "port": port, "discovery": False, **mqtt})
    config: Config = service.config.model_copy(update={"mqtt": settings})
    parts = Parts(
        config=config,
        bus=service.bus,
        manager=service.manager,
        speech=service.speech,
        jobs=service.jobs,
        gpus=service.gpus,
        profiles=service.profiles,
        installation=installation,
        url=lambda: "http://voice.home:8080",
    )
    front = MqttFront(parts)
    await front.start()
    try:
        async with asyncio.timeout(10):
            while wait and not front.connection.connected:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        yield front
    finally:
        await front.stop()


async def speak(service: Service, text: str, **request: Any) -> float:
    """Speak a text; seconds of audio."""
    async with service.speech.speak(SpeechRequest(**{"client": "test", "front": "wyoming", **request}), text) as spoken:
        size = sum([len(pcm) async for pcm in spoken.pcm()])
        return size / 2 / spoken.rate
