"""Why models did not load: remembered until they do, or have other files."""

from __future__ import annotations

import time

import pytest

from wyoming_openspeakers.events import DownloadChanged, Event, EventBus, ModelStateChanged
from wyoming_openspeakers.models.load_failures import LoadFailures


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


@pytest.fixture
def failures(bus: EventBus) -> LoadFailures:
    failures = LoadFailures(bus)
    bus.publish(ModelStateChanged("broken", "failed", "the weights are damaged", "cpu"))
    return failures


def test_the_last_failure_of_each_model_is_known(bus: EventBus, failures: LoadFailures) -> None:
    bus.publish(ModelStateChanged("broken", "failed", "it has no room"))
    found = failures.get("broken")
    assert found is not None and found.error == "it has no room"
    assert abs(found.time - time.time()) < 5
    assert failures.get("other") is None


@pytest.mark.parametrize("state", ["loading", "cold", "unloading"])
def test_to_try_again_is_not_yet_to_succeed(bus: EventBus, failures: LoadFailures, state: str) -> None:
    bus.publish(ModelStateChanged("broken", state))  # type: ignore[arg-type]  # one of its values
    assert failures.get("broken")


@pytest.mark.parametrize(
    ("event", "is_over"),
    [
        (ModelStateChanged("broken", "resident"), True),
        (ModelStateChanged("other", "resident"), False),
        (DownloadChanged("broken", "complete"), True),
        (DownloadChanged("broken", "failed"), False),
        (DownloadChanged("broken", "downloading"), False),
    ],
)
def test_it_is_over_when_it_was_loaded_or_fetched_anew(
    bus: EventBus, failures: LoadFailures, event: Event, is_over: bool
) -> None:
    bus.publish(event)
    assert (failures.get("broken") is None) is is_over
