"""Numbers go to a device and come from it while it has other things to do, and are whole when they are looked at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")

import torch

if not hasattr(torch._C, "_acc"):
    pytest.skip("this torch cannot be told of a device that is not there", allow_module_level=True)

from pretend_cuda import CUDA, Gpu
from pretend_gpu import pretended

from wyoming_openspeakers.engines.torch.transfer import Reader, there

CPU = torch.device("cpu")


@pytest.fixture
def gpu() -> Iterator[Gpu]:
    with pretended() as gpu:
        yield gpu


def test_numbers_are_there_and_nobody_has_waited(gpu: Gpu) -> None:
    brought = there([[1, 2], [3, 4]], CUDA)
    assert not gpu.waits
    assert brought.device == CUDA and brought.dtype == torch.long and brought.tolist() == [[1, 2], [3, 4]]
    assert there([[1, 2]], CPU).tolist() == [[1, 2]]


def test_what_was_asked_for_is_what_was_there_then(gpu: Gpu) -> None:
    reader, numbers = Reader(CUDA), torch.ones(2, device=CUDA)
    assert reader.is_behind
    answers = []
    for _ in range(3):
        reader.ask(numbers)
        numbers.mul_(2)
        answers.append(reader.answer())
    assert not gpu.waits
    # Each is its own: what is asked for later does not change it.
    assert [answer.tolist() for answer in answers] == [[1, 1], [2, 2], [4, 4]]


def test_who_asks_a_device_that_has_nothing_else_to_do_waits(gpu: Gpu) -> None:
    reader = Reader(CUDA)
    reader.ask(torch.ones(2, device=CUDA))
    reader.answer()
    assert sum(gpu.waits.values()) == 1


def test_the_processor_is_never_ahead() -> None:
    reader, numbers = Reader(CPU), torch.ones(2)
    assert not reader.is_behind
    reader.ask(numbers)
    numbers.mul_(2)
    assert reader.answer().tolist() == [1, 1]
