"""Commands as nobody should send them: each is answered once, nothing changes, nothing grows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from fronts.mqtt.brokers import MOSQUITTO, Broker
from fronts.mqtt.commanded import commanded
from fronts.mqtt.mutations import payloads
from managed import until

from wyoming_openspeakers.errors import InvalidRequest
from wyoming_openspeakers.fronts.mqtt.command_types import SayCommand, most_bytes, read
from wyoming_openspeakers.fronts.mqtt.commands import Commands
from wyoming_openspeakers.fronts.mqtt.message import Message
from wyoming_openspeakers.fronts.mqtt.parts import Parts
from wyoming_openspeakers.fronts.mqtt.topics import Topics
from wyoming_openspeakers.service import Service

pytestmark = pytest.mark.slow

Start = Callable[..., Any]


class Heard:
    """A connection to nobody, which counts what it is to send."""

    def __init__(self) -> None:
        self.handler: Callable[[Message], None] = lambda message: None
        self.ends = 0
        """Commands whose last answer came."""

        self.codes: Counter[str] = Counter()
        self.texts: Counter[str] = Counter()
        """Answers by the text that was spoken."""

        self.longest = 0

    def subscribe(self, topic_filter: str, handler: Callable[[Message], None]) -> None:
        self.handler = handler

    def publish(self, topic: str, payload: str, **_: Any) -> None:
        payload.encode()
        told = json.loads(payload)
        if topic == "answers":
            self.ends += told.get("state") != "accepted"
            self.texts.update([told["job"]] if "job" in told else [])
        elif topic == "os/event/error":
            self.codes[told["code"]] += 1
            self.longest = max(self.longest, len(told["error"]))


def commands_of(service: Service, connection: Any) -> Commands:
    parts = SimpleNamespace(
        config=service.config,
        bus=service.bus,
        manager=service.manager,
        speech=service.speech,
        jobs=service.jobs,
        url=lambda: "",
    )
    known: Any = parts
    checked: Parts = known
    return Commands(checked, connection, Topics("os"))


@pytest.fixture
def any_broker(request: pytest.FixtureRequest) -> Broker:
    """The quicker one to start of those that are here."""
    found: Broker = request.getfixturevalue("mosquitto" if MOSQUITTO else "amqtt")
    return found


@pytest.mark.parametrize(("count", "seed"), [(500, 1), pytest.param(9500, 2, marks=pytest.mark.slow)])
async def test_each_is_answered_once_and_the_service_stays_as_it_is(start: Start, count: int, seed: int) -> None:
    service = await start()
    heard = Heard()
    commands = commands_of(service, heard)
    commands.start()
    memory = 0
    for number, (name, payload) in enumerate(payloads(count, seed), 1):
        heard.handler(Message(f"os/command/{name}", payload, response_topic="answers"))
        if number % 10 == 0:
            await until(lambda: heard.ends >= number, 30)  # noqa: B023
        if number == 500:
            memory = psutil.Process().memory_info().rss
    assert heard.ends == count
    assert set(heard.texts.values()) <= {2}
    assert not heard.codes.keys() & {"internal", "busy"} and heard.codes["invalid-request"] > count / 3
    assert heard.longest <= 501
    assert service.manager.defaults.voice == service.config.voice.default
    assert 0.25 <= service.manager.defaults.speed <= 4
    assert psutil.Process().memory_info().rss - memory < 30_000_000
    await commands.stop()


async def test_a_large_command_is_refused_before_it_is_read() -> None:
    most = most_bytes(SayCommand, 1000)
    assert read(SayCommand, b'{"text": "' + b"\\ud83d\\ude00" * 999 + b'"}', most).text == "😀" * 999
    with pytest.raises(InvalidRequest, match="bytes"):
        read(SayCommand, b"x" * (most + 1), most)


async def test_over_a_broker(start: Start, any_broker: Broker) -> None:
    async with commanded(await start(), any_broker) as it:
        for number in range(300):
            await it.command("say", b"\xff" * number)
            await it.command("speed", {"speed": "NaN", "id": number})
        await it.until(lambda: len(it.events("error")) == 600)
        assert [error["id"] for error in it.events("error") if error["command"] == "speed"] == list(range(300))
        await it.command("say", {"text": "tone.", "id": "well"})
        await it.event("say", id="well", state="complete")
        assert len(it.events("error")) == 600
