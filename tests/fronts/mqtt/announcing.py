"""A service that announces itself at a broker, without the parts that tell its states."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from wyoming_openspeakers.config import Config
from wyoming_openspeakers.fronts.mqtt.connection import Connection
from wyoming_openspeakers.fronts.mqtt.discovery import Discovery
from wyoming_openspeakers.fronts.mqtt.parts import Parts
from wyoming_openspeakers.fronts.mqtt.topics import Topics
from wyoming_openspeakers.service import Service


def parts_of(service: Service, installation: str = "test", url: str = "", **mqtt: Any) -> Parts:
    """What a front gets, with other settings of MQTT."""
    config: Config = service.config.model_copy(update={"mqtt": service.config.mqtt.model_copy(update=mqtt)})
    return Parts(
        config=config,
        bus=service.bus,
        manager=service.manager,
        speech=service.speech,
        jobs=service.jobs,
        gpus=service.gpus,
        profiles=service.profiles,
        installation=installation,
        url=lambda: url,
    )


@asynccontextmanager
async def announcing(
    service: Service,
    port: int,
    *,
    installation: str = "test",
    url: str = "",
    check_every: float = 30.0,
    goodbye_pause: float = 0.5,
    **mqtt: Any,
) -> AsyncIterator[Discovery]:
    """Its device in Home Assistant."""
    parts = parts_of(service, installation, url, host="127.0.0.1", port=port, **mqtt)
    topics = Topics(parts.config.mqtt.topic)
    connection = Connection(parts.config.mqtt, topics, installation)
    discovery = Discovery(
        parts,
        topics,
        connection,
        settle=0.2,
        check_every=check_every,
        birth_pause=(0.01, 0.02),
        goodbye_pause=goodbye_pause,
    )
    discovery.start()
    connection.start()
    try:
        yield discovery
    finally:
        await discovery.stop()
        await connection.stop()
