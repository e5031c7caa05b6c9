"""The front as a whole: it comes and goes, and speech never waits for it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from fronts.mqtt.brokers import Broker, free_port, hanging_up_broker, silent_broker
from fronts.mqtt.fronted import TOPICS, fronted, speak
from fronts.mqtt.house import listening

from wyoming_openspeakers.events import JobChanged
from wyoming_openspeakers.fronts.mqtt.front import MqttState

pytestmark = pytest.mark.slow

StartService = Callable[..., Any]


def test_a_service_without_mqtt_does_not_load_its_library() -> None:
    code = "import sys, wyoming_openspeakers.fronts.mqtt.front; sys.exit('aiomqtt' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


async def test_nothing_is_left_when_it_stops(start: StartService, broker: Broker) -> None:
    service = await start()
    await speak(service, "tone")
    tasks, subscribers = asyncio.all_tasks(), len(service.bus._subscribers)
    async with fronted(service, broker.port, discovery=True, hermes=True):
        await speak(service, "tone")
        await asyncio.sleep(0.2)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() <= tasks
    assert len(service.bus._subscribers) == subscribers
    async with listening(broker.port, "openspeakers/#") as house:
        await house.until(lambda h: h.now.get(TOPICS.availability) == "offline")


async def test_it_tells_whether_the_broker_listens(start: StartService, mosquitto: Broker) -> None:
    service = await start()
    async with fronted(service, mosquitto.port, wait=False) as front:
        assert front.state == MqttState("connecting", "127.0.0.1")
        async with asyncio.timeout(10):
            while not front.connection.connected:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert front.state == MqttState("connected", f"127.0.0.1:{mosquitto.port}")
            mosquitto.stop()
            while not front.state.problem:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert front.state.state == "disconnected"
            mosquitto.start()
            while front.state.problem:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert front.state == MqttState("connected", f"127.0.0.1:{mosquitto.port}")


async def test_speech_does_not_wait_for_a_broker_that_is_away(start: StartService) -> None:
    service = await start()
    await speak(service, "tone")
    async with fronted(service, free_port(), wait=False):
        began = time.monotonic()
        await asyncio.gather(*(speak(service, f"tone {number}") for number in range(10)))
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("kind", [silent_broker, hanging_up_broker])
async def test_speech_does_not_wait_for_a_broker_that_misbehaves(start: StartService, kind: Callable[[], Any]) -> None:
    service = await start()
    async with kind() as broker, fronted(service, broker.port, wait=False):
        assert await speak(service, "tone") > 0
        assert broker.calls


async def test_speech_does_not_wait_for_a_broker_that_hangs(start: StartService, broker: Broker) -> None:
    service = await start()
    async with fronted(service, broker.port):
        broker.freeze()
        try:
            began = time.monotonic()
            for _ in range(5):
                assert await speak(service, "tone") > 0
            assert time.monotonic() - began < 3
        finally:
            broker.thaw()


async def test_nothing_grows_while_the_broker_is_away(start: StartService) -> None:
    service = await start()
    async with fronted(service, free_port(), wait=False) as front:
        for number in range(12_000):
            service.bus.publish(JobChanged(str(number), "queued", "test"))
            if number % 2:
                service.bus.publish(JobChanged(str(number), "cancelled", "test"))
                await asyncio.sleep(0)
        assert len(front.connection._outbox) < 1000
        assert len(front._stories._stories) <= 5000 and not front._stories._ending


async def test_stopping_at_once_is_as_clean(start: StartService, broker: Broker) -> None:
    service = await start()
    tasks = asyncio.all_tasks()
    for pause in (0.0, 0.005, 0.01, 0.02, 0.05):
        async with fronted(service, broker.port, wait=False):
            await asyncio.sleep(pause)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() <= tasks


@pytest.mark.slow
async def test_stopping_does_not_wait_for_a_broker_that_hangs(start: StartService, mosquitto: Broker) -> None:
    service = await start()
    async with fronted(service, mosquitto.port):
        mosquitto.freeze()
        await speak(service, "tone")
        began = time.monotonic()
    assert time.monotonic() - began < 5
    mosquitto.thaw()
