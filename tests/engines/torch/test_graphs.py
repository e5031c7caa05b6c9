"""Work is captured by its name, done once at each run, and done as it is where it cannot be captured."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")

import graph_tape
import torch
from torch.multiprocessing.reductions import StorageWeakRef

from wyoming_openspeakers.engines.torch import graphs
from wyoming_openspeakers.engines.torch.graphs import CAPTURING, Capture, Graphs, Work, capture_on


class Counter:
    """Work that goes on from where it was, and counts how often it is told to in Python."""

    def __init__(self, device: str = "cpu") -> None:
        self.place = torch.zeros((), device=device)
        self.calls = 0

    def __call__(self) -> torch.Tensor:
        self.calls += 1
        self.place.add_(1)
        return self.place * 10


def counted(captured: list[int]) -> Capture:
    def capture(work: Work) -> Work:
        captured.append(1)
        return graph_tape.capture(work)

    return capture


def test_work_of_a_name_is_captured_once_until_it_is_dropped() -> None:
    captured: list[int] = []
    some, one, two = Graphs(counted(captured)), Counter(), Counter()
    for number in range(1, 5):
        assert (float(some.run("a", one)), float(some.run("b", two))) == (10 * number, 10 * number)
    # Once as it is, once to be captured.
    assert (one.calls, two.calls, len(captured)) == (2, 2, 2)
    some.drop()
    assert [float(some.run("a", one)) for _ in range(3)] == [50, 60, 70]
    assert (one.calls, len(captured)) == (4, 3)


def test_a_processor_has_no_graphs() -> None:
    some, work = Graphs(capture_on(torch.device("cpu"))), Counter()
    assert not some.are_used
    assert [float(some.run("a", work)) for _ in range(4)] == [10, 20, 30, 40] and work.calls == 4


def without_room(work: Work) -> Work:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nAnd advice")


def first_only() -> Capture:
    captured: list[int] = []

    def capture(work: Work) -> Work:
        if captured:
            return without_room(work)
        captured.append(1)
        return graph_tape.capture(work)

    return capture


@pytest.mark.parametrize("make", [lambda: without_room, first_only], ids=["none", "the second"])
def test_a_failure_is_told_once_and_work_goes_on(
    make: Callable[[], Capture], caplog: pytest.LogCaptureFixture
) -> None:
    some, one, two = Graphs(make()), Counter(), Counter()
    with caplog.at_level(logging.WARNING):
        for number in range(1, 5):
            assert (float(some.run("a", one)), float(some.run("b", two))) == (10 * number, 10 * number)
        some.drop()
        some.run("a", one)
        some.run("a", one)
    (line,) = caplog.messages
    assert "(CUDA out of memory. Tried to allocate 2.00 GiB.)" in line and not some.are_used


def test_what_fails_inside_work_is_done_once_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    place = torch.zeros(())

    def wait_for_it() -> float:
        place.add_(1)
        return float(place)

    some = Graphs(graph_tape.capture)
    with caplog.at_level(logging.WARNING):
        assert [some.run("a", wait_for_it) for _ in range(4)] == [1, 2, 3, 4]
    (line,) = caplog.messages
    assert "waits for a number" in line


def test_what_stops_work_stops_it_while_it_is_captured_too() -> None:
    class StoppedError(Exception):
        pass

    stops: list[int] = []
    place = torch.zeros(())

    def work() -> None:
        place.add_(1)
        if stops:
            raise StoppedError

    some = Graphs(graph_tape.capture)
    some.run("a", work)
    stops.append(1)
    with pytest.raises(StoppedError):
        some.run("a", work)
    stops.clear()
    for _ in range(2):
        some.run("a", work)
    assert some.are_used and float(place) == 3


def test_what_work_used_is_not_kept() -> None:
    some, work = Graphs(graph_tape.capture), Counter()
    for _ in range(3):
        some.run("a", work)
    home = StorageWeakRef(work.place.untyped_storage())
    del work
    gc.collect()
    assert home.expired()


class Card:
    """A graphics card that is played, under torch's own way to capture: which stream is used, and whose memory."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.streams = ["usual"]
        self.pools: list[Any] = []
        self.can_end = True
        for name in ("synchronize", "empty_cache"):
            patch.setattr(torch.cuda, name, lambda: None)
        patch.setattr(torch._C, "_host_emptyCache", lambda: None, raising=False)
        patch.setattr(torch.cuda, "Stream", lambda device: "side")
        patch.setattr(torch.cuda.graph, "default_capture_stream", "default")
        patch.setattr(torch.cuda, "stream", lambda stream: Using(self, stream))
        patch.setattr(torch.cuda, "CUDAGraph", lambda: PlayedGraph(self))
        graphs._side.cache_clear()


class Using:
    """A stream is used until somebody goes back to the one before."""

    def __init__(self, card: Card, stream: str) -> None:
        self._card = card
        self._stream = stream

    def __enter__(self) -> None:
        self._before = list(self._card.streams)
        self._card.streams.append(self._stream)

    def __exit__(self, *error: object) -> None:
        self._card.streams = self._before


class PlayedGraph:
    def __init__(self, card: Card) -> None:
        self._card = card

    def capture_begin(self, *pool: Any, **options: Any) -> None:
        assert self._card.streams[-1] == "side" and CAPTURING.locked()
        assert options["capture_error_mode"] == "thread_local"
        self._card.pools.append(pool)

    def capture_end(self) -> None:
        if not self._card.can_end:
            raise RuntimeError("operation failed due to a previous error during capture")

    def pool(self) -> str:
        return "shared"

    def replay(self) -> None:
        """It does nothing: what is made is as it was when it was captured."""


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Iterator[Card]:
    yield Card(monkeypatch)
    graphs._side.cache_clear()


def test_graphs_share_their_memory_as_long_as_one_is_left(card: Card) -> None:
    some, work = Graphs(capture_on(torch.device("cuda"))), Counter()
    for name in ("a", "a", "b", "b"):
        some.run(name, work)
    assert card.pools == [(), ("shared",)] and some.are_used
    some.drop()
    for _ in range(2):
        some.run("c", work)
    assert card.pools[2:] == [()]


def test_a_capture_that_cannot_be_ended_leaves_the_stream_and_lets_others_capture(card: Card) -> None:
    card.can_end = False
    some, work = Graphs(capture_on(torch.device("cuda"))), Counter()
    for _ in range(3):
        some.run("a", work)
    assert not some.are_used and len(card.pools) == 1
    assert card.streams == ["usual"] and not CAPTURING.locked()


@pytest.mark.skipif(torch.cuda.is_available(), reason="here graphs can be made")
def test_the_real_capture_fails_in_a_way_that_work_survives(caplog: pytest.LogCaptureFixture) -> None:
    some, work = Graphs(capture_on(torch.device("cuda"))), Counter()
    with caplog.at_level(logging.WARNING):
        assert [float(some.run("a", work)) for _ in range(4)] == [10, 20, 30, 40]
    (line,) = caplog.messages
    assert "CUDA graphs do not work here" in line
    assert not CAPTURING.locked()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device")
def test_a_graph_does_what_was_done_when_it_was_made() -> None:
    some, work = Graphs(capture_on(torch.device("cuda"))), Counter("cuda")
    assert [float(some.run("a", work)) for _ in range(5)] == [10, 20, 30, 40, 50] and work.calls == 2
    some.drop()
    assert float(some.run("a", work)) == 60 and work.calls == 3


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device")
def test_a_capture_that_fails_leaves_the_gpu_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    device = torch.device("cuda")
    place, stream = torch.zeros((), device=device), torch.cuda.current_stream(device)

    def wait_for_it() -> float:
        place.add_(1)
        return float(place)

    some, fine = Graphs(capture_on(device)), Graphs(capture_on(device))
    with caplog.at_level(logging.WARNING):
        assert [some.run("a", wait_for_it) for _ in range(4)] == [1, 2, 3, 4]
    assert len(caplog.messages) == 1 and torch.cuda.current_stream(device) == stream
    assert torch.rand(3, device=device).max() < 1
    assert [float(fine.run("a", work)) for work in [Counter("cuda")] * 5] == [10, 20, 30, 40, 50] and fine.are_used
