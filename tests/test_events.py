"""The bus tells everyone, whatever one of them does."""

import pytest

from wyoming_openspeakers.events import Event, EventBus, ModelStateChanged, SpeechEnded, WorkerExited

EXITED = WorkerExited("service/x", "signal 9", expected=False)
LOADED = ModelStateChanged("x", "resident")


def test_events_come_in_order_until_the_subscription_ends() -> None:
    bus = EventBus()
    heard: list[Event] = []
    end = bus.subscribe(heard.append)
    bus.publish(EXITED)
    bus.publish(LOADED)
    end()
    bus.publish(EXITED)
    assert heard == [EXITED, LOADED]


def test_a_subscriber_that_fails_does_not_keep_it_from_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    bus = EventBus()
    heard: list[Event] = []

    def fails(event: Event) -> None:
        raise RuntimeError("no")

    bus.subscribe(fails)
    bus.subscribe(heard.append)
    bus.publish(LOADED)
    assert heard == [LOADED]
    assert "A subscriber failed" in caplog.text


def test_a_subscriber_may_leave_while_it_is_told() -> None:
    bus = EventBus()
    heard: list[Event] = []
    end = bus.subscribe(lambda event: end())
    bus.subscribe(heard.append)
    bus.publish(LOADED)
    bus.publish(LOADED)
    assert heard == [LOADED, LOADED]


def test_a_request_reads_well_in_the_log() -> None:
    ended = SpeechEnded("kitchen", "a/b", 12, 0.0456, 1.0, 2.5, None)
    assert str(ended) == "kitchen heard: 12 characters with a/b, first audio 46 ms, 2.5 s of audio in 1.00 s"
    failed = SpeechEnded("", None, 0, None, 1.0, 0.0, "no voice is installed")
    assert str(failed).startswith("somebody failed (no voice is installed): 0 characters with no voice,")
    assert "first audio none" in str(failed)
