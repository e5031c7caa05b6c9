"""Graphs are a matter of speed: where there can be none, the same is said without."""

from __future__ import annotations

import logging

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")

import torch

from wyoming_openspeakers.engines.vibevoice.long_graph import Graphs


def counting(calls: list[int]) -> torch.Tensor:
    calls.append(1)
    return torch.tensor(len(calls))


def test_a_processor_has_no_graphs() -> None:
    graphs, calls = Graphs(torch.device("cpu")), list[int]()
    assert [int(graphs.run("a", lambda: counting(calls))) for _ in range(4)] == [1, 2, 3, 4]


@pytest.mark.skipif(torch.cuda.is_available(), reason="here graphs can be made")
def test_where_no_graph_can_be_made_it_goes_on_without(caplog: pytest.LogCaptureFixture) -> None:
    graphs, calls = Graphs(torch.device("cuda")), list[int]()
    with caplog.at_level(logging.WARNING):
        assert [int(graphs.run("a", lambda: counting(calls))) for _ in range(4)] == [1, 2, 3, 4]
    (warning,) = caplog.messages
    assert "makes no graphs" in warning


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_graph_does_what_was_done_when_it_was_made() -> None:
    device = torch.device("cuda")
    graphs, place, calls = Graphs(device), torch.zeros((), device=device), list[int]()

    def work() -> torch.Tensor:
        calls.append(1)
        place.add_(1)
        return place * 10

    assert [float(graphs.run("a", work)) for _ in range(5)] == [10, 20, 30, 40, 50]
    # Once as it is, once to be recorded.
    assert len(calls) == 2
    graphs.forget()
    assert float(graphs.run("a", work)) == 60 and len(calls) == 3
