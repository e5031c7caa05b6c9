"""Work is captured once by its name, and done as it is where it cannot be captured."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from wyoming_openspeakers.engines.torch.graphs import Graphs, Work


class Recorder:
    """Captures what work says, and says it again without the work."""

    def __init__(self, said: list[str]) -> None:
        self.captured = 0
        self._said = said

    def __call__(self, work: Work) -> Work:
        self.captured += 1
        before = len(self._said)
        work()
        recorded = self._said[before:]
        del self._said[before:]
        return lambda: self._said.extend(recorded)


def saying(said: list[str], *words: str) -> Callable[[], None]:
    return lambda: said.extend(words)


def test_work_of_a_name_is_captured_once_until_it_is_dropped() -> None:
    said: list[str] = []
    recorder = Recorder(said)
    graphs = Graphs(recorder)
    for _ in range(3):
        graphs.run("a", saying(said, "one"))
        graphs.run("b", saying(said, "two"))
    assert said == ["one", "two"] * 3 and recorder.captured == 2
    graphs.drop()
    graphs.run("a", saying(said, "three"))
    assert said[-1] == "three" and recorder.captured == 3


def test_without_a_way_to_capture_work_is_done_as_it_is() -> None:
    said: list[str] = []
    graphs = Graphs(None)
    assert not graphs.are_used
    for word in ("one", "two"):
        graphs.run("a", saying(said, word))
    assert said == ["one", "two"]


def test_a_failure_is_told_once_and_work_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    said: list[str] = []
    recorder = Recorder(said)

    def capture(work: Work) -> Work:
        if recorder.captured:
            raise RuntimeError("out of memory\nwith advice")
        return recorder(work)

    graphs = Graphs(capture)
    with caplog.at_level(logging.WARNING):
        for name in ("a", "b", "a", "b"):
            graphs.run(name, saying(said, name))
    assert said == ["a", "b", "a", "b"] and not graphs.are_used
    assert len(caplog.messages) == 1 and "(out of memory)" in caplog.messages[0]


def test_what_stops_work_stops_it_here_too() -> None:
    class StoppedError(Exception):
        pass

    def stop() -> None:
        raise StoppedError

    graphs = Graphs(Recorder([]))
    with pytest.raises(StoppedError):
        graphs.run("a", stop)
    assert graphs.are_used
