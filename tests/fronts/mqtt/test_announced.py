"""What was announced is remembered, without secrets, and is taken back where the service is no more."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from fronts.mqtt.brokers import Amqtt, Broker, free_port, silent_broker
from fronts.mqtt.house import listening

from wyoming_openspeakers.config.tree import MqttConfig
from wyoming_openspeakers.fronts.mqtt.announced import FILE, Announced, Memory
from wyoming_openspeakers.fronts.mqtt.announced import Broker as Known
from wyoming_openspeakers.fronts.mqtt.goodbye import say_goodbye

TOPIC = "homeassistant/device/openspeakers_test/config"
OFF = MqttConfig()


def announced(port: int, username: str = "", host: str = "127.0.0.1") -> Announced:
    retained = ("openspeakers/availability", "openspeakers/state")
    return Announced(Known(host, port, username), TOPIC, {"say": "notify"}, retained)


def test_what_is_remembered_is_read_again(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "data")
    memory.remember(announced(1883))
    memory.remember(announced(1884))
    memory.remember(announced(1883, "somebody"))
    assert Memory(tmp_path / "data").read() == [announced(1884), announced(1883, "somebody")]
    memory.forget(Known("127.0.0.1", 1884))
    memory.forget(Known("127.0.0.1", 1883))
    assert memory.read() == []
    assert not (tmp_path / "data" / FILE).exists()


@pytest.mark.parametrize("content", ["", "{", "[1]", "{}", '[{"broker": {}}]', "\0", '[{"broker": {"host": 1}}]'])
def test_a_damaged_file_is_no_obstacle(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    memory = Memory(tmp_path)
    assert memory.read() == []
    memory.remember(announced(1883))
    assert memory.read() == [announced(1883)]


def test_no_password_is_kept_and_none_is_shown_to_another_user(tmp_path: Path) -> None:
    secrets = {"password": "secret-word", "password_file": "/a/file"}
    now = MqttConfig.model_validate({"host": "home", "username": "me", **secrets})
    Memory(tmp_path).remember(Announced(Known.of(now), TOPIC))
    text = (tmp_path / FILE).read_text()
    assert "secret" not in text
    assert "/a/file" not in text
    assert json.loads(text)[0]["broker"]["port"] == 1883
    again = Known("old", 1, "me").config(now)
    assert (again.host, again.port, again.password.get_secret_value()) == ("old", 1, "secret-word")
    other = Known("old", 1, "you").config(now)
    assert (other.username, other.password.get_secret_value(), other.password_file) == ("you", "", "")


def _off(user: str, word: str) -> MqttConfig:
    return MqttConfig.model_validate({"username": user, "password": word})


async def _filled(port: int, **login: Any) -> None:
    async with listening(port, **login) as house:
        for topic in announced(port).topics:
            await house.say(topic, "something", retain=True)
        await house.say("another/topic", "stays", retain=True)


async def _retained(port: int, **login: Any) -> dict[str, str]:
    async with listening(port, **login) as house:
        await house.say("end", "")
        await house.until(lambda house: any(topic == "end" for topic, _ in house.heard))
        return house.retained


async def test_what_was_announced_is_removed_when_mqtt_is_off(tmp_path: Path, broker: Broker) -> None:
    await _filled(broker.port)
    Memory(tmp_path).remember(announced(broker.port))
    await say_goodbye(OFF, tmp_path, "test")
    assert await _retained(broker.port) == {"another/topic": "stays"}
    assert Memory(tmp_path).read() == []


async def test_the_broker_of_now_is_left_alone(tmp_path: Path, amqtt: Broker) -> None:
    await _filled(amqtt.port)
    Memory(tmp_path).remember(announced(amqtt.port))
    await say_goodbye(MqttConfig(host="127.0.0.1", port=amqtt.port), tmp_path, "test")
    assert len(await _retained(amqtt.port)) == 4
    assert Memory(tmp_path).read() == [announced(amqtt.port)]


@pytest.mark.slow
async def test_the_password_of_now_is_used_for_the_same_user(tmp_path: Path) -> None:
    with Amqtt(tmp_path, users={"me": "word"}) as broker:
        login = {"username": "me", "password": "word"}
        await _filled(broker.port, **login)
        Memory(tmp_path).remember(announced(broker.port, "me"))
        await say_goodbye(_off("me", "wrong"), tmp_path, "test")
        assert Memory(tmp_path).read() == [announced(broker.port, "me")]
        await say_goodbye(_off("me", "word"), tmp_path, "test")
        assert await _retained(broker.port, **login) == {"another/topic": "stays"}


@pytest.mark.slow
async def test_a_broker_that_is_gone_costs_no_more_than_one_short_try(tmp_path: Path) -> None:
    async with silent_broker() as silent:
        records = [announced(free_port()), announced(silent.port), announced(1883, host="")]
        for record in records:
            Memory(tmp_path).remember(record)
        began = time.monotonic()
        await say_goodbye(OFF, tmp_path, "test", patience=0.5)
        assert time.monotonic() - began < 4
        assert silent.calls <= 1
        assert Memory(tmp_path).read() == records


async def test_nothing_is_done_where_nothing_was_announced(tmp_path: Path) -> None:
    await say_goodbye(OFF, tmp_path, "test")
    assert not (tmp_path / FILE).exists()
