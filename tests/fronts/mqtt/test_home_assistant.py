"""The whole service and a real Home Assistant at one broker.

Home Assistant needs a Python of its own: OPENSPEAKERS_HOME_ASSISTANT_PYTHON names one that has `homeassistant` and
`paho-mqtt`, where this one does not. Releases before 2025.10 do not know `default_entity_id` and leave it out in
silence; that key is checked against the written rules alone (`home_assistant_schema.py`).
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from fronts.mqtt.announcing import parts_of
from fronts.mqtt.brokers import Broker
from fronts.mqtt.fake_home_assistant import home_assistant
from fronts.mqtt.house import listening

from wyoming_openspeakers.events import VoicesChanged
from wyoming_openspeakers.fronts.mqtt.announced import Memory
from wyoming_openspeakers.fronts.mqtt.front import MqttFront
from wyoming_openspeakers.fronts.mqtt.goodbye import say_goodbye
from wyoming_openspeakers.service import Service

pytestmark = pytest.mark.slow

Start = Callable[..., Any]

PROGRAM = Path(__file__).with_name("real_home_assistant.py")
OUR_LOGGERS = ("mqtt", "sensor", "select", "number", "update", "event", "notify", "button", "binary_sensor")


def _python() -> str | None:
    """An interpreter that has Home Assistant."""
    named = os.environ.get("OPENSPEAKERS_HOME_ASSISTANT_PYTHON", "")
    here = sys.executable if find_spec("homeassistant") else None
    return named or here


PYTHON = _python()
real = pytest.mark.skipif(
    PYTHON is None, reason="OPENSPEAKERS_HOME_ASSISTANT_PYTHON names no Python that has homeassistant"
)


class RealHomeAssistant:
    """A process with Home Assistant's own MQTT integration."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, **asked: Any) -> dict[str, Any]:
        """Have something done, and see how things are."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await asyncio.wait_for(self._process.stdout.readline(), 60))
        assert "error" not in answer, answer
        return answer

    async def look(self) -> dict[str, Any]:
        """How things are."""
        return await self.ask(do="look")

    async def call(self, service: str, **data: Any) -> None:
        """Do what a person does."""
        await self.ask(do="call", service=service, data=data)

    async def until(self, is_so: Callable[[dict[str, str]], object], within: float = 20.0) -> dict[str, Any]:
        """Wait until the states are as they shall be."""
        deadline = asyncio.get_running_loop().time() + within
        while not is_so((now := await self.look())["states"]):
            assert asyncio.get_running_loop().time() < deadline, now
            await asyncio.sleep(0.1)
        return now


@asynccontextmanager
async def real_home_assistant(port: int) -> AsyncIterator[RealHomeAssistant]:
    """One on a broker of the loopback interface."""
    assert PYTHON
    process = await asyncio.create_subprocess_exec(
        PYTHON,
        str(PROGRAM),
        str(port),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        limit=10_000_000,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )
    try:
        yield RealHomeAssistant(process)
    finally:
        assert process.stdin
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()
            await process.wait()


@asynccontextmanager
async def at_home(service: Service, port: int, **mqtt: Any) -> AsyncIterator[None]:
    """The service with its whole MQTT front."""
    front = MqttFront(parts_of(service, "test", "http://voice.home:8080", host="127.0.0.1", port=port, **mqtt))
    await front.start()
    try:
        yield
    finally:
        await front.stop()


@real
async def test_a_real_home_assistant_shows_the_service_and_commands_it(start: Start, mosquitto: Broker) -> None:
    service = await start()
    folder = service.config.models_path / "fault"
    folder.mkdir(parents=True)
    (folder / "voices.txt").write_text("anna")
    async with at_home(service, mosquitto.port), real_home_assistant(mosquitto.port) as home:
        now = await home.until(lambda states: states.get("select.openspeakers_default_voice") == "Fault: Plain")
        assert now["devices"] == [
            {"name": "OpenSpeakers", "url": "http://voice.home:8080", "sw_version": "0.1.0", "model": "Speech service"}
        ]
        now = await home.until(lambda states: "unavailable" not in states.values() and len(states) > 15)
        states = now["states"]
        assert states["sensor.openspeakers_status"] == "idle"
        assert states["select.openspeakers_default_model"] == "Fault"
        assert states["binary_sensor.openspeakers_speaking"] == "off"
        assert states["binary_sensor.openspeakers_problem"] == "off"
        assert float(states["number.openspeakers_speed"]) == 1
        assert float(states["number.openspeakers_unload_when_idle_for"]) == 60
        assert now["registered"]["openspeakers_test_say"]["entity_id"] == "notify.openspeakers"

        await home.call("select.select_option", entity_id="select.openspeakers_default_voice", option="Fault: anna")
        await home.until(lambda states: states["select.openspeakers_default_voice"] == "Fault: anna")
        assert service.manager.defaults.voice == "fault/anna"
        await home.call("number.set_value", entity_id="number.openspeakers_speed", value=1.25)
        await home.until(lambda states: float(states["number.openspeakers_speed"]) == 1.25)
        await home.call("number.set_value", entity_id="number.openspeakers_unload_when_idle_for", value=-1)
        await home.until(lambda states: float(states["number.openspeakers_unload_when_idle_for"]) == -1)

        await home.call("notify.send_message", entity_id="notify.openspeakers", message='tone {"tone"}')
        now = await home.until(lambda states: states["sensor.openspeakers_first_audio"] != "unknown")
        assert now["attributes"]["event.openspeakers_job"]["event_type"] == "complete"
        await home.call("notify.send_message", entity_id="notify.openspeakers", message="fail")
        await home.until(lambda states: states["sensor.openspeakers_last_error"] not in ("unknown", ""))
        await home.call("button.press", entity_id="button.openspeakers_unload_models")
        await home.until(lambda states: states["sensor.openspeakers_loaded_models"] == "0")

        (folder / "voices.txt").unlink()
        service.bus.publish(VoicesChanged())
        await home.until(lambda states: states["select.openspeakers_default_voice"] == "Fault: Plain")
        now = await home.until(lambda states: states["binary_sensor.openspeakers_problem"] == "on")
        assert now["attributes"]["select.openspeakers_default_voice"]["options"] == ["Fault: Plain"]
        assert now["log"] == []


@real
async def test_a_real_home_assistant_loses_the_device_without_a_trace(start: Start, mosquitto: Broker) -> None:
    service = await start()
    async with real_home_assistant(mosquitto.port) as home:
        async with at_home(service, mosquitto.port):
            await home.until(lambda states: states.get("select.openspeakers_default_voice") == "Fault: Plain")
        await home.until(lambda states: set(states.values()) == {"unavailable"})
        await say_goodbye(service.config.mqtt, service.config.data_path, "test")
        now = await home.until(lambda states: not states)
        assert now["devices"] == []
        assert now["registered"] == {}
        assert now["log"] == []


async def test_every_state_of_the_whole_service_follows_the_rules(start: Start, broker: Broker) -> None:
    service = await start()
    async with at_home(service, broker.port), home_assistant(broker.port) as home:
        await home.until(lambda: home.devices and home.state("default_voice") and home.device.is_available)
        await home.until(lambda: home.state("status") == "idle")
        await home.say(home.entities["say"].config["command_topic"], json.dumps({"text": "tone"}))
        await home.until(lambda: home.state("first_audio"))
        await home.say(home.entities["say"].config["command_topic"], json.dumps({"text": "fail"}))
        await home.until(lambda: home.state("last_error"))
        missing = {key for key, entity in home.entities.items() if entity.state is None}
        assert missing == {"say", "stop", "unload", "clear_cache"}
        assert home.errors == []


async def test_turning_mqtt_off_leaves_nothing_at_the_broker(start: Start, broker: Broker) -> None:
    service = await start()
    async with at_home(service, broker.port), home_assistant(broker.port) as home:
        await home.until(lambda: home.devices and home.state("default_voice") and home.state("status"))
        await home.say(home.entities["say"].config["command_topic"], json.dumps({"text": "tone fail"}))
        await home.until(lambda: home.state("last_error"))
    await say_goodbye(service.config.mqtt, service.config.data_path, "test")
    async with listening(broker.port) as house:
        await house.say("end", "")
        await house.until(lambda house: any(topic == "end" for topic, _ in house.heard))
        left = {topic: payload for topic, payload in house.retained.items() if not topic.startswith("$SYS")}
    assert left == {}
    assert Memory(service.config.data_path).read() == []
