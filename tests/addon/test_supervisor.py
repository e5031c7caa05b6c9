"""What the add-on asks the Supervisor, and what it makes of each of its answers."""

from __future__ import annotations

import socket

import pytest
from addon_supervisor import ITS_OWN, MQTT, FakeSupervisor

from wyoming_openspeakers.cli.addon.supervisor import Broker, Supervisor, SupervisorFailed


def test_the_broker_is_the_houses(supervisor: FakeSupervisor) -> None:
    supervisor.mqtt = MQTT
    broker = Supervisor(ITS_OWN, supervisor.url).broker()
    assert broker == Broker("core-mosquitto", 1883, "addons", "pass:word")
    assert "pass:word" not in repr(broker)


def test_a_broker_may_want_tls_and_no_name(supervisor: FakeSupervisor) -> None:
    supervisor.mqtt = {"host": "broker", "port": "8883", "ssl": True}
    assert Supervisor(ITS_OWN, supervisor.url).broker() == Broker("broker", 8883, tls=True)


@pytest.mark.parametrize("given", [{"port": 1}, {"host": "h"}, {"host": "h", "port": "x"}, {"host": "h", "port": None}])
def test_half_a_broker_is_none(supervisor: FakeSupervisor, given: dict[str, object]) -> None:
    supervisor.mqtt = given
    with pytest.raises(SupervisorFailed, match="not where it is"):
        Supervisor(ITS_OWN, supervisor.url).broker()


def test_what_it_refuses_is_said_in_its_own_words(supervisor: FakeSupervisor) -> None:
    with pytest.raises(SupervisorFailed, match="Service not enabled"):
        Supervisor(ITS_OWN, supervisor.url).broker()
    with pytest.raises(SupervisorFailed, match="unauthorized"):
        Supervisor("wrong", supervisor.url).broker()


def test_discovery_has_the_form_that_home_assistant_reads(supervisor: FakeSupervisor) -> None:
    Supervisor.of({"SUPERVISOR_TOKEN": ITS_OWN}, supervisor.url).discover("tcp://abc-openspeakers:10200")
    assert supervisor.discovered == [{"service": "wyoming", "config": {"uri": "tcp://abc-openspeakers:10200"}}]


def test_the_old_name_of_the_token_is_known(supervisor: FakeSupervisor) -> None:
    Supervisor.of({"HASSIO_TOKEN": ITS_OWN, "SUPERVISOR_TOKEN": ""}, supervisor.url).discover("tcp://a:1")
    assert len(supervisor.discovered) == 1


def test_without_a_token_nothing_is_asked() -> None:
    with pytest.raises(SupervisorFailed, match="no token"):
        Supervisor.of({}, "http://127.0.0.1:1").broker()


@pytest.mark.parametrize("garbage", [b"", b"{", b"[]", b'{"data": [1]}', b'"x"', b"\xff"])
def test_an_answer_without_sense_is_told(supervisor: FakeSupervisor, garbage: bytes) -> None:
    supervisor.mqtt, supervisor.garbage = MQTT, garbage
    with pytest.raises(SupervisorFailed):
        Supervisor(ITS_OWN, supervisor.url).broker()


def test_a_refusal_without_sense_is_told_by_its_status(supervisor: FakeSupervisor) -> None:
    supervisor.garbage = b"<html>"
    with pytest.raises(SupervisorFailed, match="status 400"):
        Supervisor(ITS_OWN, supervisor.url).broker()


def test_a_supervisor_that_is_not_there_is_told_and_a_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(SupervisorFailed, match=r"cannot be asked for /services/mqtt: .*refused"):
        Supervisor(ITS_OWN, f"http://127.0.0.1:{port}").broker()
