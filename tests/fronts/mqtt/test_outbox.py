"""What waits for the broker."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.fronts.mqtt.outbox import Outbox, Outgoing


def drained(outbox: Outbox) -> list[tuple[str, str | bytes]]:
    sent = []
    while message := outbox.next():
        outbox.sent(message)
        sent.append((message.topic, message.payload))
    return sent


def state(topic: str, payload: str) -> Outgoing:
    return Outgoing(topic, payload, retain=True)


def test_only_the_latest_of_a_state_is_sent() -> None:
    outbox = Outbox()
    for payload in ("idle", "loading", "speaking"):
        outbox.put(state("state", payload))
    assert drained(outbox) == [("state", "speaking")]
    outbox.put(state("state", "speaking"))
    assert drained(outbox) == [], "the broker knows"


def test_what_came_first_is_sent_first() -> None:
    outbox = Outbox()
    outbox.put(state("state", "idle"))
    outbox.put(Outgoing("event", "1"))
    outbox.put(state("queue", "1"))
    outbox.put(Outgoing("event", "2"))
    outbox.put(state("state", "speaking"))
    assert drained(outbox) == [("event", "1"), ("queue", "1"), ("event", "2"), ("state", "speaking")]


def test_a_new_broker_is_told_all_states_and_no_old_events() -> None:
    outbox = Outbox(event_age=5)
    outbox.put(state("state", "idle"))
    outbox.put(state("queue", "0"))
    drained(outbox)
    outbox.renew()
    outbox.put(Outgoing("event", "news"))
    old = Outgoing("event", "old")
    outbox.put(replace(old, at=old.at - 6))
    assert sorted(drained(outbox)) == [("event", "news"), ("queue", "0"), ("state", "idle")]


def test_what_changes_while_it_is_sent_is_sent_again() -> None:
    outbox = Outbox()
    outbox.put(state("state", "idle"))
    message = outbox.next()
    assert message
    outbox.put(state("state", "speaking"))
    outbox.sent(message)
    assert drained(outbox) == [("state", "speaking")]


def test_what_is_taken_back_is_forgotten_once_the_broker_knows() -> None:
    outbox = Outbox()
    outbox.put(state("gpu/0", "{}"))
    outbox.put(state("gpu/0", ""))
    assert not outbox.retains("gpu/0")
    assert drained(outbox) == [("gpu/0", "")]
    outbox.renew()
    assert drained(outbox) == []


def test_nothing_grows_while_the_broker_is_away() -> None:
    outbox = Outbox(most_events=10)
    for index in range(5000):
        outbox.put(Outgoing("event", str(index)))
        outbox.put(state(f"downloads/{index}", "{}"))
        outbox.put(state(f"downloads/{index}", ""))
    assert len(outbox) < 1100
    assert [payload for topic, payload in drained(outbox) if topic == "event"] == [str(n) for n in range(4990, 5000)]
    assert drained(outbox) == [] and len(outbox) == 0


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", "1", "2"]), st.integers(0, 3))))
def test_the_broker_ends_up_with_the_last_word_of_each_topic(steps: list[tuple[str, str, int]]) -> None:
    outbox, broker, said = Outbox(), dict[str, str | bytes](), dict[str, str]()
    for topic, payload, sends in steps:
        outbox.put(state(topic, payload))
        said[topic] = payload
        for _ in range(sends):
            if message := outbox.next():
                broker[message.topic] = message.payload
                outbox.sent(message)
    broker |= dict(drained(outbox))
    assert broker == said
