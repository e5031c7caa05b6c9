"""The pieces of a whole are found in it, though it may say them a little differently."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.engines.matching import boundaries


@pytest.mark.parametrize(
    ("expected", "actual", "edges"),
    [
        (["of", "the"], "ofthe", [0, 2, 5]),
        (["ʌv", "ðə", "haʊs"], "əvðəhaʊs", [0, 2, 4, 8]),
        (["two", "three"], "three", [0, 0, 5]),
        (["ab", "xy", "cd"], "abxyzcd", [0, 2, 4, 7]),
        ([], "", [0]),
    ],
)
def test_finds_pieces(expected: list[str], actual: str, edges: list[int]) -> None:
    assert [round(edge) for edge in boundaries(expected, actual)] == edges


def test_what_has_nothing_in_common_is_cut_in_proportion() -> None:
    assert boundaries(["a", "bbb"], "xxxxxxxx") == [0, 2, 8]


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(st.lists(st.text(st.sampled_from("abc"), max_size=5), min_size=1, max_size=6), st.text("abcd", max_size=20))
def test_edges_rise_from_begin_to_end(expected: list[str], actual: str) -> None:
    edges = boundaries(expected, actual)
    assert edges[0] == 0 and edges[-1] == len(actual) and len(edges) == len(expected) + 1
    assert all(one <= other for one, other in pairwise(edges))
