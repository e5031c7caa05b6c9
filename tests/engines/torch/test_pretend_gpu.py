"""The GPU that is pretended fails where a real one fails, and says the same as the processor where it does not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")

import torch
from torch import nn

if not hasattr(torch._C, "_acc"):
    pytest.skip("this torch cannot be told of a device that is not there", allow_module_level=True)

from pretend_cuda import Gpu
from pretend_gpu import pretended

from wyoming_openspeakers.engines.torch.graphs import capture_on
from wyoming_openspeakers.engines.torch.weights import TorchWeights

CUDA = torch.device("cuda")


@pytest.fixture
def gpu() -> Iterator[Gpu]:
    with pretended() as gpu, torch.no_grad():
        yield gpu


def test_what_is_there_says_so_and_is_computed_there(gpu: Gpu) -> None:
    here = torch.arange(6.0).view(2, 3)
    there = here.to(CUDA)
    made = torch.nn.functional.softmax(there @ there.mT, dim=-1) + torch.ones(2, 2, device=CUDA)
    assert made.device == torch.device("cuda", 0) and made.is_cuda
    assert made.new_zeros(1).device == torch.zeros_like(made).device == made.device
    assert torch.equal(made.cpu(), torch.nn.functional.softmax(here @ here.mT, dim=-1) + 1)
    assert torch.zeros(1).device == made.cpu().device == torch.device("cpu")


def test_a_thread_has_it_too(gpu: Gpu) -> None:
    made: list[torch.Tensor] = []
    thread = threading.Thread(target=lambda: made.append(torch.ones(2, device=CUDA) * 2))
    thread.start()
    thread.join()
    assert made[0].is_cuda and made[0].tolist() == [2, 2]


MIXED: dict[str, Callable[[torch.Tensor, torch.Tensor], Any]] = {
    "sum": lambda there, here: there + here,
    "product": lambda there, here: there @ here.mT,
    "join": lambda there, here: torch.cat([there, here]),
    "join a scalar": lambda there, here: torch.stack([there[0, 0], torch.tensor(1.0)]),
    "look up": lambda there, here: torch.nn.functional.embedding(here.long(), there),
    "gather": lambda there, here: there.gather(0, torch.zeros(1, 2, dtype=torch.long)),
    "index": lambda there, here: here[torch.zeros(1, dtype=torch.long, device=CUDA)],
    "put": lambda there, here: there.index_put_((torch.zeros(1, dtype=torch.long, device=CUDA),), here[:1]),
    "attend": lambda there, here: torch.nn.functional.scaled_dot_product_attention(there, there, here),
    "draw": lambda there, here: torch.randn(2, generator=torch.Generator(), device=CUDA),
    "draw here": lambda there, here: here.exponential_(generator=torch.Generator(CUDA)),
    "array": lambda there, here: there.numpy(),
    "memory": lambda there, here: torch.empty(0, device=CUDA).set_(here.untyped_storage(), 0, (2,), (1,)),
}


@pytest.mark.parametrize("mix", MIXED.values(), ids=MIXED)
def test_devices_do_not_meet(gpu: Gpu, mix: Callable[[torch.Tensor, torch.Tensor], Any]) -> None:
    with pytest.raises((RuntimeError, TypeError), match="device"):
        mix(torch.ones(2, 2, device=CUDA), torch.ones(2, 2))


def test_a_plain_number_and_places_from_the_host_are_welcome(gpu: Gpu) -> None:
    there = torch.arange(4.0, device=CUDA)
    assert (there * torch.tensor(2.0))[torch.tensor([3, 1])].tolist() == [6, 2]
    there[1:3] = torch.zeros(2)
    assert there.tolist() == [0, 0, 0, 3]


def test_what_nobody_has_written_is_no_number(gpu: Gpu) -> None:
    for made in (torch.empty(3, device=CUDA), torch.empty_like(torch.ones(3, device=CUDA), dtype=torch.half)):
        assert made.isnan().all()


WAITING: dict[str, Callable[[torch.Tensor], Any]] = {
    "a number": lambda there: there.sum().item(),
    "a truth": lambda there: bool((there > 0).any()),
    "to the host": lambda there: there.cpu(),
    "to the GPU": lambda there: torch.tensor([1, 2], device=CUDA),
    "where": lambda there: there.nonzero(),
    "a mask": lambda there: there[there > 0],
    "an event": lambda there: torch.cuda.current_stream(CUDA).record_event().synchronize(),
}


@pytest.mark.parametrize("wait", WAITING.values(), ids=WAITING)
def test_the_host_is_seen_to_wait_and_does_not_in_a_graph(gpu: Gpu, wait: Callable[[torch.Tensor], Any]) -> None:
    there = torch.ones(3, device=CUDA)
    (there * 2)[1:] = 0
    assert not gpu.waits
    wait(there)
    assert sum(gpu.waits.values()) == 1
    capture = capture_on(CUDA)
    assert capture is not None
    with pytest.raises(RuntimeError, match="capturing"):
        capture(lambda: wait(there))
    assert (there + 1).tolist() == [2, 2, 2]


def test_a_wait_with_something_else_to_do_is_none(gpu: Gpu) -> None:
    there = torch.ones(3, device=CUDA)
    event = torch.cuda.current_stream(CUDA).record_event()
    there.mul_(2)
    event.synchronize()
    assert not gpu.waits


def test_a_graph_does_the_same_with_what_is_then_there(gpu: Gpu) -> None:
    given, made = torch.ones(2, device=CUDA), torch.zeros(2, device=CUDA)
    capture = capture_on(CUDA)
    assert capture is not None
    again = capture(lambda: made.add_(given * 2))
    assert made.tolist() == [0, 0]
    given.fill_(3)
    again()
    again()
    assert made.tolist() == [12, 12] and (gpu.graphs, gpu.replays) == (1, 2)


def test_a_number_that_is_on_its_way_is_not_there_before_somebody_waits(gpu: Gpu) -> None:
    here = torch.zeros(2, pin_memory=True)
    there = torch.ones(2, device=CUDA)
    here.copy_(there, non_blocking=True)
    there.zero_()
    event = torch.cuda.current_stream(CUDA).record_event()
    assert here.tolist() == [0, 0]
    event.synchronize()
    assert here.tolist() == [1, 1]


def test_weights_that_nobody_has_waited_for_are_no_numbers(gpu: Gpu) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)).eval().requires_grad_(False)
    given = torch.ones(1, 2)
    expected = model(given)
    weights = TorchWeights([*model], CUDA)
    for _ in range(2):
        weights.unpark()
        there = given.to(CUDA)
        # What a stage has is used without the stage: it is on its way.
        assert nn.functional.linear(there, model[1].weight).isnan().all()
        assert torch.equal(model(there).cpu(), expected)
        weights.park()
        assert not model[0].weight.is_cuda and torch.equal(model(given), expected)
    weights.close()
