"""A listener hears no more than a second of audio in a second."""

import pytest

from wyoming_openspeakers.speech import listening
from wyoming_openspeakers.speech.listening import Listening


class Clock:
    """Time that stands still until it is moved."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(listening, "time", clock)
    return clock


def test_what_was_sent_is_heard_in_its_own_time(clock: Clock) -> None:
    heard = Listening()
    assert heard.ahead == 0 and heard.first_audio is None
    heard.sent(2.0)
    clock.now += 0.5
    heard.sent(1.0)
    assert heard.ahead == 2.5 and heard.seconds == 3.0 and heard.first_audio == 100.0
    clock.now += 10
    assert heard.ahead == 0


def test_a_sentence_is_needed_when_those_before_it_were_heard(clock: Clock) -> None:
    heard = Listening()
    assert heard.promise("x" * 100, 1.0) == 0
    assert heard.promise("x", 1.0) == pytest.approx(6.0)
    assert heard.promise("x", 1.0) == pytest.approx(6.06)
    assert heard.promised == pytest.approx(6.12)


def test_faster_speech_is_over_sooner(clock: Clock) -> None:
    heard = Listening()
    heard.promise("x" * 100, 2.0)
    assert heard.promised == pytest.approx(3.0)
