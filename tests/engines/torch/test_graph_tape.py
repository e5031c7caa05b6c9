"""A tape stands in for a GPU's graph: taking it does nothing, and what such a graph cannot do is an error."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")

import graph_tape
import torch


def test_plays_what_was_done_with_what_is_there_now() -> None:
    place, weight = torch.zeros(3), torch.arange(9.0).view(3, 3)

    def work() -> torch.Tensor:
        place[:2].add_(1)
        return (weight.T @ place).chunk(3)[1] * 2

    again = graph_tape.capture(work)
    assert place.tolist() == [0, 0, 0]
    for number in range(1, 4):
        made = again()
        assert place.tolist() == [number, number, 0]
        assert made.tolist() == [2 * number * (1 + 4)]
    weight.zero_()
    assert again().tolist() == [0]


def test_numbers_of_python_are_as_they_were() -> None:
    number = 1
    again = graph_tape.capture(lambda: torch.ones(1) * number)
    number = 2
    assert again().tolist() == [1]


@pytest.mark.parametrize(
    ("work", "told"),
    [
        (lambda: torch.rand(3), "draws by chance"),
        (lambda: torch.zeros(3).normal_(), "draws by chance"),
        (lambda: torch.ones(()).item(), "waits for a number"),
        (lambda: torch.ones(3)[torch.ones(3) > 0], "waits for a number"),
        (lambda: torch.tensor([1.0]), "from Python's memory"),
    ],
)
def test_what_a_graph_cannot_do_is_an_error(work: Callable[[], object], told: str) -> None:
    with pytest.raises(RuntimeError, match=told):
        graph_tape.capture(work)


def test_memory_that_was_given_back_is_an_error() -> None:
    held = [torch.ones(3)]
    again = graph_tape.capture(lambda: held[0] + 1)
    assert again().tolist() == [2, 2, 2]
    held.clear()
    with pytest.raises(AssertionError, match="given back"):
        again()
