"""Brokers for tests: amqtt everywhere, Mosquitto where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fronts.mqtt.brokers import MOSQUITTO, Amqtt, Broker, Mosquitto

from wyoming_openspeakers.fronts.mqtt import connection
from wyoming_openspeakers.fronts.mqtt.credentials import Patience


@pytest.fixture(autouse=True)
def no_long_wait_for_amqtt(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says nothing at all to a client that speaks MQTT 5."""
    monkeypatch.setattr(connection, "_PATIENT", Patience(version=1.0))


@pytest.fixture
def amqtt(tmp_path: Path) -> Iterator[Broker]:
    """A broker that speaks only MQTT 3.1.1."""
    with Amqtt(tmp_path) as broker:
        yield broker


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    """The broker that most houses have; the test is skipped where it is not installed."""
    if MOSQUITTO is None:
        pytest.skip("Mosquitto is not installed")
    with Mosquitto(tmp_path) as broker:
        yield broker


@pytest.fixture(params=[pytest.param("amqtt", marks=[pytest.mark.slow] if MOSQUITTO else []), "mosquitto"])
def broker(request: pytest.FixtureRequest) -> Broker:
    """Each broker in turn; where there are both, the slower one is for the slow tests."""
    found: Broker = request.getfixturevalue(request.param)
    return found
