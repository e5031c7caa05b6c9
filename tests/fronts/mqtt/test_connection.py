"""The connection, with real brokers that come, go and misbehave."""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from fronts.mqtt.brokers import (
    MOSQUITTO,
    Amqtt,
    Broker,
    Certificates,
    Mosquitto,
    free_port,
    hanging_up_broker,
    silent_broker,
    wire_to,
)
from fronts.mqtt.house import listening
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from wyoming_openspeakers.config.tree import MqttConfig
from wyoming_openspeakers.fronts.mqtt.connection import Connection
from wyoming_openspeakers.fronts.mqtt.credentials import Credentials, Patience
from wyoming_openspeakers.fronts.mqtt.message import Message
from wyoming_openspeakers.fronts.mqtt.reasons import explain
from wyoming_openspeakers.fronts.mqtt.topics import Topics

pytestmark = pytest.mark.slow

TOPICS = Topics("openspeakers")

with_mosquitto = pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed")


@asynccontextmanager
async def connecting(
    port: int,
    patience: Patience | None = None,
    *,
    starts: bool = True,
    **settings: Any,
) -> AsyncIterator[Connection]:
    """A connection, which may have to be started yet; nothing of it is left at the end."""
    tasks, files = asyncio.all_tasks(), _open_files()
    config = MqttConfig(host=settings.pop("host", "127.0.0.1"), port=port, **settings)
    connection = Connection(config, TOPICS, "a1b2c3", patience=patience or Patience(answer=2.0, version=0.5))
    if starts:
        connection.start()
    try:
        yield connection
    finally:
        await connection.stop()
    with suppress(TimeoutError):
        await until(lambda: asyncio.all_tasks() <= tasks and _open_files() <= files, within=3)
    assert asyncio.all_tasks() <= tasks
    assert _open_files() <= files


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0  # noqa: PTH208


async def until(is_so: Callable[[], object], within: float = 10.0) -> None:
    async with asyncio.timeout(within):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What this front warns of; threads that other tests have left may warn, too."""
    ours = [record for record in caplog.records if record.name.startswith("wyoming_openspeakers.fronts.mqtt")]
    return [record.getMessage() for record in ours if record.levelno >= logging.WARNING]


async def test_tells_how_things_are_and_takes_commands(broker: Broker) -> None:
    got: list[Message] = []
    async with connecting(broker.port) as connection, listening(broker.port) as house:
        connection.subscribe(TOPICS.commands, got.append)
        connection.publish(TOPICS.state, "idle", retain=True)
        await house.until(lambda h: h.now.get(TOPICS.state) == "idle" and h.now.get(TOPICS.availability) == "online")
        assert connection.connected and connection.retains(TOPICS.state)
        connection.publish(TOPICS.job_events, "{}")
        await house.until(lambda h: (TOPICS.job_events, "{}") in h.heard)
        await house.say(TOPICS.say, "Hello")
        await until(lambda: got)
        assert got[0] == Message(TOPICS.say, b"Hello")
    async with listening(broker.port) as newcomer:
        await newcomer.until(lambda h: len(h.retained) == 2)
        assert newcomer.retained == {TOPICS.state: "idle", TOPICS.availability: "offline"}


async def test_is_online_only_when_all_else_is_told(mosquitto: Broker) -> None:
    async with connecting(mosquitto.port, starts=False) as connection, listening(mosquitto.port) as house:
        for index in range(20):
            connection.publish(TOPICS.gpu(index), str(index), retain=True)
        connection.start()
        await house.until(lambda h: h.now.get(TOPICS.availability) == "online")
        assert [topic for topic, _ in house.heard].index(TOPICS.availability) == 20


async def test_what_is_taken_back_is_gone(broker: Broker) -> None:
    async with connecting(broker.port) as connection, listening(broker.port) as house:
        connection.publish(TOPICS.gpu(1), "{}", retain=True)
        await house.until(lambda h: TOPICS.gpu(1) in h.now)
        connection.publish(TOPICS.gpu(1), "", retain=True)
        await house.until(lambda h: TOPICS.gpu(1) not in h.now)
        assert not connection.retains(TOPICS.gpu(1))
    async with listening(broker.port) as newcomer:
        await newcomer.until(lambda h: TOPICS.availability in h.retained)
        assert TOPICS.gpu(1) not in newcomer.retained


async def test_the_broker_says_that_we_are_gone_when_it_loses_us(broker: Broker) -> None:
    async with wire_to(broker.port) as wire, connecting(wire.port), listening(broker.port) as house:
        await house.until(lambda h: h.now.get(TOPICS.availability) == "online")
        wire.cut()
        await house.until(lambda h: (TOPICS.availability, "offline") in h.heard)
        await house.until(lambda h: h.now.get(TOPICS.availability) == "online")


async def test_all_is_told_again_to_a_broker_that_comes_back(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    greeted: list[float] = []
    async with connecting(broker.port) as connection:
        connection.on_connect(lambda: greeted.append(time.monotonic()))
        connection.publish(TOPICS.state, "idle", retain=True)
        await until(lambda: greeted and connection.connected)
        broker.kill()
        await until(lambda: not connection.connected)
        connection.publish(TOPICS.queue, "3", retain=True)
        connection.publish(TOPICS.state, "loading", retain=True)
        connection.publish(TOPICS.state, "speaking", retain=True)
        await asyncio.sleep(0.5)
        broker.start()
        back = time.monotonic()
        async with listening(broker.port) as house:
            await house.until(lambda h: h.now.get(TOPICS.availability) == "online")
            assert time.monotonic() - back < 5
            assert (house.now[TOPICS.state], house.now[TOPICS.queue]) == ("speaking", "3")
        assert len(greeted) == 2
    assert len(warnings(caplog)) == 1
    assert sum("Connected" in record.getMessage() for record in caplog.records) == 2


async def test_a_broker_that_is_not_there_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    async with connecting(port) as connection:
        began = time.monotonic()
        for index in range(5000):
            connection.publish(TOPICS.job_events, str(index))
            connection.publish(TOPICS.queue, str(index), retain=True)
        assert time.monotonic() - began < 1, "nobody waits for the broker"
        assert len(connection._outbox) < 600
        await asyncio.sleep(1.5)
    assert len(told := warnings(caplog)) == 1
    assert "mqtt.port" in told[0]


async def test_a_broker_that_speaks_only_3_1_1(amqtt: Broker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with connecting(amqtt.port) as connection:
        await until(lambda: connection.connected)
        assert "3.1.1" in caplog.text and not warnings(caplog)


async def test_a_broker_that_refuses_mqtt_5(amqtt: Broker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with wire_to(amqtt.port, refuses_5=True) as wire, connecting(wire.port) as connection:
        began = time.monotonic()
        await until(lambda: connection.connected)
        assert time.monotonic() - began < 0.9, "a refusal is an answer"
        assert "3.1.1" in caplog.text and not warnings(caplog)


@pytest.mark.parametrize(
    "kind", [pytest.param(Amqtt, marks=pytest.mark.slow), pytest.param(Mosquitto, marks=with_mosquitto)]
)
async def test_a_wrong_password_is_told_and_a_right_one_taken(
    kind: type[Broker], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("wrong\n")
    with kind(tmp_path, users={"voice": "right"}) as broker:
        async with connecting(broker.port, username="voice", password_file=str(secret)) as connection:
            await until(lambda: warnings(caplog))
            assert "mqtt.username and mqtt.password" in warnings(caplog)[0] and "'voice'" in warnings(caplog)[0]
            secret.write_text("right\n")
            await until(lambda: connection.connected)
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize("kind", [Amqtt, pytest.param(Mosquitto, marks=with_mosquitto)])
async def test_a_broker_that_wants_a_user(kind: type[Broker], tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with kind(tmp_path, users={"voice": "right"}) as broker:
        async with connecting(broker.port):
            await until(lambda: warnings(caplog))
    assert "set mqtt.username" in warnings(caplog)[0]


async def test_a_password_file_that_is_not_there(amqtt: Broker, caplog: pytest.LogCaptureFixture) -> None:
    async with connecting(amqtt.port, username="voice", password_file="/no/such/file"):  # noqa: S106
        await until(lambda: warnings(caplog))
    assert "mqtt.password_file" in warnings(caplog)[0]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority of our own, and what it gave the broker."""
    return make_certificates(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1,DNS:localhost")


def make_certificates(folder: Path, names: str) -> Certificates:
    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Our own", "-days", "2")
    openssl("req", *new, "-keyout", "broker.key", "-out", "broker.csr", "-subj", "/CN=broker")
    (folder / "ext").write_text(f"subjectAltName={names}\n")
    signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "ext")
    openssl("x509", "-req", "-in", "broker.csr", "-out", "broker.pem", *signing)
    return Certificates(folder / "ca.pem", folder / "broker.pem", folder / "broker.key")


@pytest.mark.parametrize("kind", [Amqtt, pytest.param(Mosquitto, marks=with_mosquitto)])
async def test_tls(
    kind: type[Broker], tmp_path: Path, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    with kind(tmp_path, tls=certificates) as broker:
        async with connecting(broker.port, tls=True, tls_ca=str(certificates.authority)) as connection:
            await until(lambda: connection.connected)
            connection.publish(TOPICS.state, "idle" * 100_000, retain=True)
            await until(lambda: len(connection._outbox) == 0)
        async with connecting(broker.port, tls=True, tls_insecure=True) as connection:
            await until(lambda: connection.connected)
        assert not warnings(caplog)
        async with connecting(broker.port, tls=True):
            await until(lambda: warnings(caplog))
        assert "set mqtt.tls_ca" in warnings(caplog)[-1]
        async with connecting(broker.port):
            await until(lambda: len(warnings(caplog)) == 2)
        assert "set mqtt.tls" in warnings(caplog)[-1]


@with_mosquitto
async def test_tls_for_another_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    others = make_certificates(tmp_path, "DNS:broker.elsewhere")
    with Mosquitto(tmp_path, tls=others) as broker:
        async with connecting(broker.port, tls=True, tls_ca=str(others.authority)):
            await until(lambda: warnings(caplog))
    assert "mqtt.host" in warnings(caplog)[0]


async def test_tls_where_there_is_none(
    broker: Broker, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    async with connecting(broker.port, tls=True, tls_ca=str(certificates.authority)):
        await until(lambda: warnings(caplog))
    assert "mqtt.tls" in warnings(caplog)[0]


async def test_a_file_that_is_no_certificate(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "ca.pem").write_text("Hello")
    async with connecting(1, tls=True, tls_ca=str(tmp_path / "ca.pem")):
        await until(lambda: warnings(caplog))
    assert "mqtt.tls_ca" in warnings(caplog)[0]


async def test_the_systems_own_authorities_are_trusted(
    tmp_path: Path, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ssl.get_default_verify_paths().openssl_cafile_env, str(certificates.authority))
    with Amqtt(tmp_path, tls=certificates) as broker:
        async with connecting(broker.port, tls=True) as connection:
            await until(lambda: connection.connected)


@pytest.mark.parametrize("tls", [False, pytest.param(True, marks=pytest.mark.slow)])
async def test_a_broker_that_never_answers(tls: bool, caplog: pytest.LogCaptureFixture) -> None:
    async with silent_broker() as broker:
        async with connecting(broker.port, Patience(answer=0.5, version=0.2), tls=tls) as connection:
            await until(lambda: warnings(caplog))
            connection.publish(TOPICS.state, "idle", retain=True)
            await until(lambda: broker.calls >= 3)
        assert len(warnings(caplog)) == 1 and "does not" in warnings(caplog)[0]


async def test_stopping_does_not_wait_for_a_broker_that_never_answers() -> None:
    async with silent_broker() as broker, connecting(broker.port, Patience()) as connection:
        await until(lambda: broker.calls)
        began = time.monotonic()
        await connection.stop()
        assert time.monotonic() - began < 1


async def test_a_broker_that_hangs_up(caplog: pytest.LogCaptureFixture) -> None:
    async with hanging_up_broker() as broker:
        async with connecting(broker.port):
            await until(lambda: warnings(caplog))
            await until(lambda: broker.calls >= 4)
        assert len(warnings(caplog)) == 1 and "hangs up" in warnings(caplog)[0]


async def test_a_connection_that_is_only_half_there_is_noticed(broker: Broker) -> None:
    async with connecting(broker.port, Patience(answer=0.5, version=1.0)) as connection:
        await until(lambda: connection.connected)
        broker.freeze()
        connection.publish(TOPICS.state, "speaking", retain=True)
        await until(lambda: not connection.connected, within=3)
        broker.thaw()
        async with listening(broker.port) as house:
            right = ("speaking", "online")
            await house.until(lambda h: (h.now.get(TOPICS.state), h.now.get(TOPICS.availability)) == right)


@pytest.mark.slow
async def test_a_silent_connection_that_is_only_half_there_is_noticed(mosquitto: Broker) -> None:
    async with connecting(mosquitto.port, Patience(keepalive=2, answer=0.5, version=1.0)) as connection:
        await until(lambda: connection.connected)
        mosquitto.freeze()
        await until(lambda: not connection.connected, within=8)
        mosquitto.thaw()
        await until(lambda: connection.connected)


async def test_two_services_at_one_broker(broker: Broker) -> None:
    others = Topics("kitchen")
    config = MqttConfig(host="127.0.0.1", port=broker.port)
    async with connecting(broker.port) as one, listening(broker.port) as house:
        two = Connection(config, others, "d4e5f6", patience=Patience(version=1.0))
        two.start()
        await house.until(lambda h: h.now.get("kitchen/availability") == h.now.get(TOPICS.availability) == "online")
        await asyncio.sleep(0.2)
        assert one.connected and two.connected
        await two.stop()
        await house.until(lambda h: h.now.get("kitchen/availability") == "offline")
        assert house.now[TOPICS.availability] == "online"


def test_another_client_of_the_same_name_is_told_of() -> None:
    error = aiomqtt.MqttError("Disconnected during message iteration")
    error.__cause__ = aiomqtt.MqttCodeError(ReasonCode(PacketTypes.DISCONNECT, identifier=142))
    trouble = explain(error, Credentials("broker", 1883, "voice"))
    assert "mqtt.client_id" in str(trouble) and trouble.lasts


async def test_a_topic_that_the_broker_keeps_from_us_is_told_of(
    mosquitto: Broker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(*args: object, **more: object) -> list[ReasonCode]:
        return [ReasonCode(PacketTypes.SUBACK, identifier=135)]

    monkeypatch.setattr(aiomqtt.Client, "subscribe", refuse)
    async with connecting(mosquitto.port) as connection:
        await until(lambda: connection.connected and "access list" in caplog.text)


async def test_we_contradict_who_says_that_we_are_gone(broker: Broker) -> None:
    async with connecting(broker.port), listening(broker.port) as house:
        await house.until(lambda h: h.now.get(TOPICS.availability) == "online")
        await house.say(TOPICS.availability, "offline", retain=True)
        await house.until(lambda h: (TOPICS.availability, "offline") in h.heard)
        await house.until(lambda h: h.now.get(TOPICS.availability) == "online")


async def test_a_handler_that_fails_does_not_end_the_connection(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    got: list[Message] = []

    def fail(message: Message) -> None:
        got.append(message)
        raise ValueError("boom")

    async with connecting(broker.port) as connection, listening(broker.port) as house:
        stop_listening = connection.subscribe(TOPICS.commands, fail)
        await house.until(lambda h: h.now.get(TOPICS.availability) == "online")
        await house.say(TOPICS.say, b"\xff\x00 not text")
        await house.say(TOPICS.say, "again")
        await until(lambda: len(got) == 2)
        stop_listening()
        await asyncio.sleep(0.1)
        await house.say(TOPICS.say, "no more")
        await asyncio.sleep(0.2)
        assert len(got) == 2 and connection.connected
    assert "boom" in caplog.text
