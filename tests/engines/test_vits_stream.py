from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.engines.vits_stream import SIZES, plan


@given(st.integers(0, 5_000), st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_chunks_cover_everything_once_and_stay_short(total: int, side_by_side: int) -> None:
    groups = list(plan(total, side_by_side))
    chunks = [chunk for group in groups for chunk in group]
    assert [start for start, _ in chunks] == [0, *(stop for _, stop in chunks)][: len(chunks)]
    assert (chunks[-1][1] if chunks else 0) == total
    assert all(0 < stop - start <= SIZES[-1] * 3 / 2 + 1 for start, stop in chunks)
    # What plays is at least a fraction of the time that the next group may take.
    lengths = [group[-1][1] - group[0][0] for group in groups]
    assert all(after <= before * 3 * side_by_side * 3 / 2 for before, after in pairwise(lengths))
    # The chunks of a group are made side by side, so they are alike.
    for group in groups:
        sizes = [stop - start for start, stop in group]
        assert len(group) <= side_by_side and max(sizes) - min(sizes) <= 1


def test_the_first_chunk_is_small_and_alone() -> None:
    assert next(plan(1_000, 4)) == [(0, SIZES[0])]
