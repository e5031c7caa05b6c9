"""Sets of numbers come back whole and combine as sets do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.history.bitmaps import (
    CHUNK,
    below,
    bits,
    bits_of,
    count,
    numbers,
    numbers_of,
    packed,
    together,
    unpacked,
    without,
)

_FEW = st.lists(st.integers(0, CHUNK - 1), max_size=200)
_RUNS = st.tuples(st.integers(0, CHUNK - 1), st.integers(1, CHUNK)).map(lambda run: range(run[0], min(CHUNK, sum(run))))
SOME = st.one_of(_FEW, _RUNS.map(list))


@settings(deadline=None, max_examples=100)
@given(SOME)
def test_a_set_comes_back_whole(values: list[int]) -> None:
    some = numbers(values)
    assert some.tolist() == sorted(set(values))
    kept = packed(some)
    assert len(kept) <= min(2 * len(some), CHUNK // 8)
    assert unpacked(kept).tolist() == some.tolist()
    assert numbers_of(bits(kept)).tolist() == some.tolist()
    assert count(bits(kept)) == len(some)


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(SOME, SOME)
def test_sets_combine(left: list[int], right: list[int]) -> None:
    assert together(numbers(left), numbers(right)).tolist() == sorted({*left, *right})
    assert without(numbers(left), numbers(right)).tolist() == sorted({*left} - {*right})
    assert numbers_of(bits_of(numbers(left)) & bits_of(numbers(right))).tolist() == sorted({*left} & {*right})


def test_all_numbers_below_one() -> None:
    assert numbers_of(below(3)).tolist() == [0, 1, 2]
    assert count(below(0)) == 0
    assert count(below(CHUNK)) == CHUNK
