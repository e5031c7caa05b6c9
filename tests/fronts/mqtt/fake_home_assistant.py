"""What Home Assistant does with a broker, by its written rules: finds devices, holds their states, and complains."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiomqtt
import jinja2
from fronts.mqtt.home_assistant_schema import TOPIC, check

_JINJA = jinja2.Environment(autoescape=False)
_JINJA.filters["to_json"] = json.dumps


@dataclass
class FakeEntity:
    """An entity."""

    config: dict[str, Any]
    state: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass
class FakeDevice:
    """A device and its entities by their keys."""

    about: dict[str, Any]
    availability_topic: str
    entities: dict[str, FakeEntity] = field(default_factory=dict)
    is_available: bool | None = None


class FakeHomeAssistant:
    """Subscribes to everything; `errors` is what it would log."""

    def __init__(self, client: aiomqtt.Client, prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self._news = asyncio.Condition()
        self.devices: dict[str, FakeDevice] = {}
        self.errors: list[str] = []
        self.configs: list[dict[str, Any]] = []
        """All discovery messages, in order."""

        self.topics: dict[str, str] = {}
        """The last word of each topic that says anything."""

    @property
    def device(self) -> FakeDevice:
        """The only one."""
        (device,) = self.devices.values()
        return device

    @property
    def entities(self) -> dict[str, FakeEntity]:
        """Those of the only device."""
        return self.device.entities if self.devices else {}

    def state(self, key: str) -> str | None:
        """An entity's state; None while it has none."""
        return self.entities[key].state if key in self.entities else None

    async def until(self, is_so: Callable[[], object], within: float = 10.0) -> None:
        """Wait until something is so."""
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(lambda: bool(is_so()))
        except TimeoutError:
            states = {key: entity.state for key, entity in self.entities.items()} if len(self.devices) == 1 else {}
            raise AssertionError(f"not so after {within} s: {states} {self.topics} {self.errors}") from None

    async def be_born(self) -> None:
        """Say that it has started."""
        await self.say(f"{self._prefix}/status", "online")

    async def say(self, topic: str, payload: str) -> None:
        """Publish."""
        await self._client.publish(topic, payload, qos=1)

    async def select(self, key: str, option: str) -> None:
        """Choose in a select."""
        await self.say(self.entities[key].config["command_topic"], option)

    async def listen(self) -> None:
        """Take in all messages."""
        with suppress(aiomqtt.MqttError):
            async for message in self._client.messages:
                async with self._news:
                    self._take(str(message.topic), bytes(message.payload).decode(), retained=bool(message.retain))
                    self._news.notify_all()

    def _take(self, topic: str, payload: str, *, retained: bool) -> None:
        self.topics[topic] = payload
        if not payload:
            del self.topics[topic]
        if (found := TOPIC.fullmatch(topic)) and found["prefix"] == self._prefix:
            self._discover(found["id"], topic, payload)
            return
        for device in self.devices.values():
            if topic == device.availability_topic and payload:
                device.is_available = payload == "online"
            for key, entity in device.entities.items():
                self._tell(key, entity, topic, payload, retained=retained)

    def _discover(self, id: str, topic: str, payload: str) -> None:
        if not payload:
            self.devices.pop(id, None)
            return
        self.errors += check(topic, payload)
        message = json.loads(payload)
        self.configs.append(message)
        device = self.devices.setdefault(id, FakeDevice(message["device"], message["availability_topic"]))
        device.about = message["device"]
        for key, config in message["components"].items():
            if set(config) == {"platform"}:
                device.entities.pop(key, None)
            elif key in device.entities:
                device.entities[key].config = config
                self._check_option(key, device.entities[key])
            else:
                device.entities[key] = FakeEntity(config)
        # What it subscribes to anew, the broker tells it again.
        for known, told in list(self.topics.items()):
            if known != topic:
                self._take_known(device, known, told)

    def _take_known(self, device: FakeDevice, topic: str, payload: str) -> None:
        if topic == device.availability_topic:
            device.is_available = payload == "online"
        for key, entity in device.entities.items():
            if entity.state is None:
                self._tell(key, entity, topic, payload, retained=True)

    def _tell(self, key: str, entity: FakeEntity, topic: str, payload: str, *, retained: bool) -> None:
        config = entity.config
        if topic == config.get("json_attributes_topic") and payload:
            entity.attributes = json.loads(payload)
        if topic != config.get("state_topic") or not payload:
            return
        match config["platform"]:
            case "event":
                if not retained:
                    self._take_event(key, entity, payload)
            case "update":
                told = json.loads(payload)
                entity.attributes.update(told)
                entity.state = "off" if told["installed_version"] == told["latest_version"] else "on"
            case _:
                entity.state = _render(config.get("value_template"), payload)
                self._check_option(key, entity)

    def _take_event(self, key: str, entity: FakeEntity, payload: str) -> None:
        event = json.loads(payload)
        if event.get("event_type") not in entity.config["event_types"]:
            self.errors.append(f"{key}: no event {event}")
        entity.state, entity.attributes = event.get("event_type"), event

    def _check_option(self, key: str, entity: FakeEntity) -> None:
        options, state = entity.config.get("options"), entity.state
        if options and state is not None and state not in options:
            self.errors.append(f"{key}: {state!r} is none of {options}")
        if state is not None and len(state) > 255:
            self.errors.append(f"{key}: a state of {len(state)} characters")
        is_number = entity.config["platform"] == "number" and state is not None
        if is_number and not entity.config["min"] <= float(str(state)) <= entity.config["max"]:
            self.errors.append(f"{key}: {state} is out of range")


def _render(template: str | None, payload: str) -> str:
    if template is None:
        return payload
    value_json = None
    with suppress(ValueError):
        value_json = json.loads(payload)
    return _JINJA.from_string(template).render(value=payload, value_json=value_json)


@asynccontextmanager
async def home_assistant(port: int, prefix: str = "homeassistant") -> AsyncIterator[FakeHomeAssistant]:
    """One on a broker of the loopback interface."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("#", qos=1)
        home = FakeHomeAssistant(client, prefix)
        ears = asyncio.create_task(home.listen())
        try:
            yield home
        finally:
            ears.cancel()
            await asyncio.gather(ears, return_exceptions=True)
