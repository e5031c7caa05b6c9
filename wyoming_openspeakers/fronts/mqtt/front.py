"""The MQTT front: puts its subjects together, starts them in order and stops them the other way round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .commands import Commands
from .connection import Connection
from .discovery import Discovery
from .happenings import Happenings
from .hermes import Hermes
from .parts import Parts
from .state import StateTopics
from .stories import Stories
from .topics import Topics


@dataclass(frozen=True)
class MqttState:
    """How the connection to the broker is."""

    state: Literal["connecting", "connected", "disconnected"]
    broker: str
    """Its address."""

    problem: str | None = None
    """Why it is disconnected, and what to change."""


class MqttFront:
    """Everything between the service and the broker."""

    def __init__(self, parts: Parts) -> None:
        config = parts.config
        self.topics = topics = Topics(config.mqtt.topic)
        self.connection = connection = Connection(config.mqtt, topics, parts.installation)
        with_texts = config.history.enabled and config.history.texts
        self._stories = stories = Stories(parts.bus, with_texts=with_texts)
        self._state = StateTopics(parts, connection, topics, stories)
        self._happenings = Happenings(parts, connection, topics, stories)
        self._hermes = Hermes(parts, connection) if config.mqtt.hermes else None
        also_stop = [self._hermes.stop_speaking] if self._hermes else []
        self._commands = Commands(parts, connection, topics, *also_stop)
        self._discovery = Discovery(parts, topics, connection)

    @property
    def state(self) -> MqttState:
        """Whether the broker listens, or why not."""
        link = self.connection
        if link.connected:
            return MqttState("connected", link.broker)
        return MqttState("disconnected" if link.trouble else "connecting", link.broker, link.trouble or None)

    async def start(self) -> None:
        """Begin to connect; the broker may come whenever it comes."""
        self._state.start()
        self._commands.start()
        if self._hermes:
            self._hermes.start()
        self._discovery.start()
        self.connection.start()

    async def stop(self) -> None:
        """Take no more commands, finish what was told, and say goodbye."""
        await self._discovery.stop()
        if self._hermes:
            await self._hermes.stop()
        await self._commands.stop()
        self._happenings.stop()
        await self._state.stop()
        self._stories.stop()
        await self.connection.stop()
