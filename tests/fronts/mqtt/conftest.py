"""Brokers for tests: amqtt everywhere, Mosquitto where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fronts.mqtt.brokers import MOSQUITTO, Amqtt, Broker, Mosquitto

without_mosquitto = pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed")


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


@pytest.fixture(params=["amqtt", "mosquitto"])
def broker(request: pytest.FixtureRequest) -> Broker:
    """Each broker in turn."""
    found: Broker = request.getfixturevalue(request.param)
    return found
