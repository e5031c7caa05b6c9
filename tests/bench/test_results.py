"""Figures, aims and tables."""

from __future__ import annotations

import json

import pytest
from bench.results import Figure, as_json, markdown_table, middle, percentile, plain_table, show


def test_a_figure_knows_whether_it_holds() -> None:
    assert Figure("x", "ratio", 0.3, at_most=0.3).holds is True
    assert Figure("x", "ratio", 0.31, at_most=0.3).holds is False
    assert Figure("x", "speed", 1.2, at_least=1.3).holds is False
    assert Figure("x", "speed", 1.4, at_least=1.3).verdict == "holds"
    assert Figure("x", "for comparison", 1.4).holds is None


def test_not_a_number_never_holds() -> None:
    assert Figure("x", "ratio", float("nan"), at_most=1).holds is False


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(0.314, "", "0.31"), (12.34, "ms", "12.3 ms"), (1234.5, "ms", "1234 ms"), (0, "", "0"), (float("nan"), "", "nan")],
)
def test_values_are_shown_with_digits_that_mean_something(value: float, unit: str, text: str) -> None:
    assert show(value, unit) == text


def test_percentiles() -> None:
    assert middle([3, 1, 2]) == 2
    assert percentile(range(101), 95) == 95
    assert percentile([7], 99) == 7
    with pytest.raises(ValueError, match="no values"):
        middle([])


def test_tables() -> None:
    figures = [
        Figure("peers", "first audio", 0.2, at_most=0.3, note="40 ms against 200 ms"),
        Figure("peers", "more", 2),
    ]
    assert "first audio  0.20  ≤ 0.30  holds  40 ms against 200 ms" in plain_table(figures)
    assert "| peers | first audio (40 ms against 200 ms) | 0.20 | ≤ 0.30 | holds |" in markdown_table(figures)
    assert [one["holds"] for one in json.loads(as_json(figures))] == [True, None]
