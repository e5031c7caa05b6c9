from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.engines.vits_stream import SIZES, chunks


@given(st.integers(0, 5_000))
@settings(max_examples=100, deadline=None)
def test_chunks_cover_everything_once_and_stay_short(total: int) -> None:
    plan = list(chunks(total))
    assert [start for start, _ in plan] == [0, *(stop for _, stop in plan)][: len(plan)]
    assert (plan[-1][1] if plan else 0) == total
    sizes = [stop - start for start, stop in plan]
    assert all(0 < size <= SIZES[-1] * 3 / 2 for size in sizes)
    # A chunk plays at least a fraction of the time that the next one may take.
    assert all(after <= before * 3 * 3 / 2 for before, after in pairwise(sizes))


def test_the_first_chunk_is_small() -> None:
    assert next(chunks(1_000)) == (0, SIZES[0])
