"""The order of those who wait."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.jobs.line import Line, Place

PLACES = st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=20)


def line(*places: tuple[str, str, bool]) -> Line:
    made = Line()
    for place in places:
        made.put(Place(*place))
    return made


def test_single_ones_go_first_clients_in_turn_and_the_oldest_of_each() -> None:
    made = line(("b1", "x", True), ("a1", "x", False), ("a2", "x", False), ("a3", "y", False), ("b2", "y", True))
    assert list(made) == ["a1", "a3", "a2", "b1", "b2"]
    assert [made.position(id) for id in ("a1", "a2", "b2", "none")] == [0, 2, 4, None]


def test_who_leaves_waits_no_longer() -> None:
    made = line(("a1", "x", False), ("a2", "x", False))
    assert made.remove("a1") and not made.remove("a1")
    assert (len(made), made.position("a2"), made.take(), made.take()) == (1, 0, "a2", None)


@settings(deadline=None, max_examples=50)
@given(PLACES, st.sets(st.integers(0, 19)))
def test_the_order_that_is_told_is_the_order_in_which_they_come(
    places: list[tuple[str, bool]], leave: set[int]
) -> None:
    made = line(*((str(index), client, is_batch) for index, (client, is_batch) in enumerate(places)))
    for index in leave:
        assert made.remove(str(index)) == (index < len(places))
    order = list(made)
    assert [made.position(id) for id in order] == list(range(len(made)))
    assert [made.take() for _ in order] == order and made.take() is None
    kinds = [places[int(id)][1] for id in order]
    assert kinds == sorted(kinds)
