"""The discovery message at the broker: published, published anew, and taken back in all its traces."""

from __future__ import annotations

import json
from collections.abc import Iterable

from .announced import Announced, Broker, Memory
from .connection import Connection
from .device import Device, device_config
from .parts import Parts
from .shown import EntityTopics, Shown
from .topics import Topics

_MOST_REMEMBERED = 300
"""Components: a house's few, and room for those that have gone."""


class Announcement:
    """Knows what was announced before, also by the process before this one."""

    def __init__(self, parts: Parts, topics: Topics, connection: Connection) -> None:
        self._parts = parts
        self._topics = topics
        self._connection = connection
        config = parts.config
        self._is_on = config.mqtt.discovery
        self.device = Device.of(config.mqtt, parts.installation, config.wyoming.name)
        self._broker = Broker.of(config.mqtt)
        self._memory = Memory(config.data_path)
        self._before = self._remembered()
        self._components: dict[str, str] = {}
        """Platforms of all that Home Assistant may know, also of what has gone."""
        if self._before and self._before.topic == self.device.topic:
            self._components = dict(self._before.components)
        self._sent = ""

    def take_back(self) -> None:
        """Clear what was published under names that are not in use any more."""
        if self._before:
            for topic in self._before.topics:
                if not self._is_used(topic):
                    self._connection.publish(topic, "", retain=True)

    def take_back_rest(self) -> None:
        """Clear what the process before this one left under names that nobody has published to since."""
        if not self._connection.connected:
            return
        if self._before:
            # What was last, such as the last job, is still the last one.
            for topic in set(self._before.retained) - set(_states(self._topics)):
                if self._is_used(topic) and not self._connection.retains(topic):
                    self._connection.publish(topic, "", retain=True)
        self._before = None

    def publish(self, shown: Shown, *, again: bool = False) -> bool:
        """Show this; whether Home Assistant has to be told, which it has in any case when `again` is set."""
        config = device_config(self.device, shown, self._topics, url=self._parts.url(), gone=self._components)
        payload = json.dumps(config, ensure_ascii=False)
        if payload == self._sent.rstrip() and not again:
            return False
        if payload == self._sent:
            # What the broker has is not sent to it again; a line's end makes another message of it.
            payload += "\n"
        self._sent = payload
        components = [(key, str(entity["platform"])) for key, entity in config["components"].items()]
        self._components = dict(components[-_MOST_REMEMBERED:])
        self._connection.publish(self.device.topic, payload, retain=True)
        return True

    def remember(self, retained: Iterable[str]) -> None:
        """Note what is or may be at the broker: all plain states, and `retained` besides."""
        topics = {*_states(self._topics), *retained}
        if self._before:
            # The broker may be away: who starts next has to know what was to be cleared.
            topics |= {topic for topic in self._before.topics if topic != self.device.topic or not self._is_on}
        topic = self.device.topic if self._is_on else ""
        announced = Announced(self._broker, topic, self._components if self._is_on else {}, tuple(sorted(topics)))
        if announced != self._remembered():
            self._memory.remember(announced)

    def _remembered(self) -> Announced | None:
        known = self._memory.read()
        return next((each for each in known if each.broker.address == self._broker.address), None)

    def _is_used(self, topic: str) -> bool:
        """Whether a topic is one of ours as we are set now."""
        if topic == self.device.topic or topic.startswith(f"{EntityTopics(self._topics).base}/"):
            return self._is_on
        return topic.startswith(f"{self._topics.base}/")


def _states(topics: Topics) -> list[str]:
    """The topics that are there once, and stay."""
    return [name for name in vars(topics).values() if _is_state(str(name), topics.base)]


def _is_state(topic: str, base: str) -> bool:
    below = topic.removeprefix(f"{base}/")
    return topic != base and "/" not in below and "#" not in below
