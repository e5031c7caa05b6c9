"""What starting took is given back, and what is left is not gone through again."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from wyoming_openspeakers.cli.allocator import give_back_memory


class Knot:
    """Refers to itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """Leave the collector as it was."""
    yield
    gc.unfreeze()


def test_what_is_not_needed_any_more_goes() -> None:
    gone = weakref.ref(Knot())
    give_back_memory()
    assert gone() is None


def test_the_collector_does_not_go_through_what_stays() -> None:
    kept = [Knot() for _ in range(1000)]
    give_back_memory()
    assert gc.get_freeze_count() > len(kept)
    assert not any(isinstance(each, Knot) for each in gc.get_objects())


def test_what_comes_later_is_collected() -> None:
    give_back_memory()
    gone = weakref.ref(Knot())
    gc.collect()
    assert gone() is None
