"""Word error rate."""

from __future__ import annotations

import pytest
from bench.word_errors import join_compounds, word_error_rate, word_errors
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("meant", "heard", "errors"),
    [
        ("the door is open", "the door is open", 0),
        ("the door is open", "the floor is open", 1),
        ("the door is open", "door is open", 1),
        ("the door is open", "the door is wide open", 1),
        ("the door is open", "", 4),
        ("", "the door", 2),
        ("the living room is warm", "the livingroom is warm", 0),
        ("the livingroom is warm", "the living room is warm", 0),
        ("the living room is warm", "the livingroom is cold", 1),
        ("a b c d", "d c b a", 4),
    ],
)
def test_errors(meant: str, heard: str, errors: int) -> None:
    assert word_errors(meant.split(), heard.split()) == errors


def test_rate_weighs_words_not_sentences() -> None:
    pairs = [(list("abcdefgh"), list("abcdefgh")), (["x", "y"], ["x", "z"])]
    assert word_error_rate(pairs) == 0.1


def test_rate_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no words"):
        word_error_rate([])


def test_a_word_that_both_sides_know_is_not_joined() -> None:
    assert join_compounds(["to", "day", "is", "today"], ["today"]) == ["to", "day", "is", "today"]


@pytest.mark.slow
@given(st.lists(st.sampled_from("abcd"), max_size=12), st.lists(st.sampled_from("abcd"), max_size=12))
@settings(deadline=None, max_examples=150)
def test_distance(one: list[str], other: list[str]) -> None:
    errors = word_errors(one, other)
    assert errors == word_errors(other, one)
    assert abs(len(one) - len(other)) <= errors <= max(len(one), len(other))
    assert (errors == 0) == (one == other)


def test_words_that_sound_the_same_are_no_errors() -> None:
    assert word_errors(["between", "2", "and", "4"], ["between", "to", "and", "for"]) == 0
    assert word_errors(["4"], ["to"]) == 1
