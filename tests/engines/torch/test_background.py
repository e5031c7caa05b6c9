"""A generation runs in a thread of its own, not far ahead, and ends with who listens to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from wyoming_openspeakers.engines.control import CancelFlag, Cancelled
from wyoming_openspeakers.engines.torch.background import LEAD, Background, Handover


@pytest.fixture
def background() -> Iterator[Background]:
    background = Background()
    yield background
    background.close()


def test_items_come_while_others_are_made(background: Background) -> None:
    go_on = threading.Event()

    def work(handover: Handover[int]) -> None:
        handover.put(1)
        assert go_on.wait(5)
        handover.put(2)

    items = background.stream(work, CancelFlag())
    assert next(items) == 1
    go_on.set()
    assert list(items) == [2]


def test_it_is_not_far_ahead_of_who_listens(background: Background) -> None:
    made: list[int] = []

    def work(handover: Handover[int]) -> None:
        for number in range(20):
            made.append(number)
            handover.put(number)

    items = background.stream(work, CancelFlag())
    assert next(items) == 0
    time.sleep(0.05)
    assert len(made) <= LEAD + 1
    assert list(items) == list(range(1, 20))


def test_an_error_is_raised_where_the_items_are_taken(background: Background) -> None:
    def work(handover: Handover[int]) -> None:
        handover.put(1)
        raise ValueError("no more codes")

    items = background.stream(work, CancelFlag())
    assert next(items) == 1
    with pytest.raises(ValueError, match="no more codes"):
        next(items)

    def again(handover: Handover[int]) -> None:
        handover.put(3)

    assert list(background.stream(again, CancelFlag())) == [3]


@pytest.mark.parametrize("how", ["cancel", "close"])
def test_it_ends_when_nobody_listens_any_more(background: Background, how: str) -> None:
    cancel = CancelFlag()
    ended = threading.Event()

    def work(handover: Handover[int]) -> None:
        try:
            while True:
                handover.put(1)
        finally:
            ended.set()

    items = background.stream(work, cancel)
    next(items)
    if how == "close":
        items.close()  # type: ignore[attr-defined]  # a generator, which Iterator does not tell
    else:
        cancel.set()
        with pytest.raises(Cancelled):
            list(items)
    assert ended.is_set()


def test_a_listener_who_waits_is_told_at_once(background: Background) -> None:
    cancel = CancelFlag()

    def work(handover: Handover[int]) -> None:
        while True:
            time.sleep(0.005)
            handover.check()

    threading.Timer(0.05, cancel.set).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        list(background.stream(work, cancel))
    assert time.monotonic() - began < 0.25


def test_all_generations_share_a_thread(background: Background) -> None:
    threads: list[str] = []
    background.call(lambda: threads.append(threading.current_thread().name))
    for _ in range(3):
        list(background.stream(lambda handover: threads.append(threading.current_thread().name), CancelFlag()))
    assert len(threads) == 4 and len(set(threads)) == 1
