from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")

import torch
from torch import nn

from wyoming_openspeakers.engines.torch.weights import TorchWeights

pytestmark = pytest.mark.slow


class Mixed(nn.Module):  # type: ignore[misc]  # torch is not read whole
    """Weights of every kind: tied, views, overlapping, odd types, empty, and not contiguous."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(7, 6)
        self.layers = nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6), nn.Linear(6, 6))
        self.head = nn.Linear(6, 7, bias=False)
        self.head.weight = self.embed.weight
        self.turned = nn.Parameter(torch.randn(6, 5).t())
        shared = torch.randn(20)
        self.register_buffer("low", shared[:12])
        self.register_buffer("high", shared[8:])
        self.register_buffer("short", torch.randn(3).half())
        self.register_buffer("brain", torch.randn(5).bfloat16())
        self.register_buffer("small", torch.arange(3, dtype=torch.int8))
        self.register_buffer("flags", torch.tensor([True, False, True]))
        self.register_buffer("large", torch.arange(3))
        self.register_buffer("nothing", torch.zeros(0, 4), persistent=False)
        self.register_buffer("one", torch.tensor(3.0, dtype=torch.float64), persistent=False)
        self.register_buffer("wide", torch.randn(4, 1).expand(4, 9))
        self.register_buffer("absent", None)

    def forward(self, numbers: Any) -> Any:
        return self.head(self.layers(self.embed(numbers)) @ self.turned.t() @ self.turned) + self.one


def mixed() -> Mixed:
    torch.manual_seed(1)
    model = Mixed()
    model.eval()
    return model


def stages(model: Mixed) -> list[nn.Module]:
    return [model.embed, model.layers, model.head, model]


def state(model: nn.Module) -> dict[str, Any]:
    return {name: tensor.clone() for name, tensor in [*model.named_parameters(), *model.named_buffers()]}


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype
        and one[name].stride() == other[name].stride()
        and torch.equal(one[name], other[name])
        for name in one
    )


@pytest.mark.parametrize("keep_host_copy", [False, True])
@pytest.mark.parametrize("choose", [stages, lambda model: [model]])
def test_what_a_model_says_is_the_same_after_parking(
    keep_host_copy: bool, choose: Callable[[Mixed], list[nn.Module]]
) -> None:
    model = mixed()
    numbers = torch.tensor([1, 2, 3])
    said = model(numbers)
    before = state(model)
    strides = {name: tensor.stride() for name, tensor in model.named_buffers()}
    weights = TorchWeights(choose(model), "cpu", keep_host_copy=keep_host_copy)
    for _ in range(3):
        weights.park()
        assert weights.is_parked and same(before, state(model))
        weights.unpark()
        assert not weights.is_parked and same(before, state(model))
        assert torch.equal(model(numbers), said)
    assert {name: tensor.stride() for name, tensor in model.named_buffers()} == strides


def test_what_was_tied_stays_tied() -> None:
    model = mixed()
    weights = TorchWeights(stages(model), "cpu")
    embedding = model.embed.weight
    weights.park()
    weights.unpark()
    assert model.head.weight is model.embed.weight is embedding
    with torch.no_grad():
        model.low[8] = 42.0
    assert float(model.high[0]) == 42.0


def test_shared_weights_are_kept_once() -> None:
    model = mixed()
    distinct = sum(weight.numel() * weight.element_size() for weight in {*model.parameters()})
    weights = TorchWeights([model], "cpu")
    assert distinct < weights.bytes < distinct + 1_500
    alone = TorchWeights([nn.Linear(100, 100)], "cpu")
    assert 40_400 <= alone.bytes < 40_600


def test_a_slice_of_a_large_storage_takes_only_its_own_room() -> None:
    model = nn.Linear(10, 10, bias=False)
    model.weight.data = torch.randn(1_000_000)[500:600].view(10, 10)
    expected = model.weight.clone()
    weights = TorchWeights([model], "cpu")
    assert weights.bytes < 600
    weights.park()
    assert model.weight.untyped_storage().nbytes() < 600
    assert torch.equal(model.weight, expected)


def test_parking_twice_and_unparking_twice_change_nothing() -> None:
    model = mixed()
    weights = TorchWeights([model], "cpu")
    weights.park()
    place = model.embed.weight.data_ptr()
    weights.park()
    assert model.embed.weight.data_ptr() == place
    weights.unpark()
    place = model.embed.weight.data_ptr()
    weights.unpark()
    assert model.embed.weight.data_ptr() == place


def test_a_kept_host_copy_makes_parking_free_and_otherwise_it_is_dropped() -> None:
    for keep in (True, False):
        model = mixed()
        weights = TorchWeights([model], "cpu", keep_host_copy=keep)
        weights.park()
        parked = model.embed.weight.untyped_storage()
        place = parked.data_ptr()
        weights.unpark()
        assert model.embed.weight.data_ptr() != place
        assert (weights._host is not None) == keep
        weights.park()
        assert (model.embed.weight.untyped_storage().data_ptr() == place) or not keep


def test_without_room_it_stays_parked_and_works_later(monkeypatch: pytest.MonkeyPatch) -> None:
    model = mixed()
    before = state(model)
    weights = TorchWeights(stages(model), "cpu")
    weights.park()
    real, full = torch.empty, torch.OutOfMemoryError("no room")

    def empty(*size: Any, **options: Any) -> Any:
        if size and size[0] == weights.bytes:
            raise full
        return real(*size, **options)

    monkeypatch.setattr(torch, "empty", empty)
    with pytest.raises(torch.OutOfMemoryError):
        weights.unpark()
    assert weights.is_parked and same(before, state(model))
    monkeypatch.undo()
    weights.unpark()
    assert not weights.is_parked and same(before, state(model))


@pytest.mark.parametrize("broken", [0, 2])
def test_a_copy_that_breaks_changes_nothing(broken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model = mixed()
    before = state(model)
    weights = TorchWeights(stages(model), "cpu")
    real = weights._copy_stage
    calls = 0

    def copy(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > broken:
            raise RuntimeError("the bus fell off")
        real(*arguments)

    for move, parked in ((weights.park, False), (weights.unpark, True)):
        calls = 0
        monkeypatch.setattr(weights, "_copy_stage", copy)
        with pytest.raises(RuntimeError, match="bus"):
            move()
        assert weights.is_parked == parked and same(before, state(model))
        monkeypatch.undo()
        move()
        assert weights.is_parked != parked and same(before, state(model))


def test_the_device_s_memory_is_really_let_go() -> None:
    others = alive(4_000_000)
    model = nn.Linear(1000, 1000)
    weights = TorchWeights([model], "cpu")
    assert alive(4_000_000) == others + 1
    weights.park()
    assert alive(4_000_000) == others + 1
    weights.unpark()
    assert alive(4_000_000) == others + 1
    weights.close()
    assert alive(4_000_000) == others


def alive(least: int) -> int:
    """How many storages of at least so many bytes exist."""
    gc.collect()
    storages = {
        item.untyped_storage().data_ptr()
        for item in gc.get_objects()
        if issubclass(type(item), torch.Tensor) and item.untyped_storage().nbytes() >= least
    }
    return len(storages)


class Bus:
    """A graphics card that is played: what is copied to it arrives when something waits for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[Callable[[], object]] = []
        self.arrived = 0
        self.pinned: set[int] = set()
        self.is_copying = False
        cuda = torch.cuda
        monkeypatch.setattr(cuda, "Stream", lambda device: self)
        monkeypatch.setattr(cuda, "current_stream", lambda device: self)
        monkeypatch.setattr(cuda, "stream", self.copying)
        monkeypatch.setattr(cuda, "device", lambda device: nullcontext())
        monkeypatch.setattr(cuda, "empty_cache", lambda: None)
        monkeypatch.setattr(cuda, "cudart", lambda: self)
        for name in ("empty", "empty_strided"):
            monkeypatch.setattr(torch, name, self.on_processor(getattr(torch, name)))
        monkeypatch.setattr(TorchWeights, "_copy_stage", self.copier(TorchWeights._copy_stage))

    cudaError = SimpleNamespace(success=0)  # noqa: N815 - the library's name

    def cudaHostRegister(self, address: int, size: int, flags: int) -> int:  # noqa: N802 - the library's name
        self.pinned.add(address)
        return 0

    def cudaHostUnregister(self, address: int) -> None:  # noqa: N802 - the library's name
        self.pinned.remove(address)

    @staticmethod
    def on_processor(make: Callable[..., Any]) -> Callable[..., Any]:
        def made(*size: Any, device: object = None, **options: Any) -> Any:
            return make(*size, **options)

        return made

    @contextmanager
    def copying(self, stream: Bus) -> Iterator[None]:
        self.is_copying = True
        yield
        self.is_copying = False

    def copier(self, real: Callable[..., None]) -> Callable[..., None]:
        def copy(weights: TorchWeights, stage: Any, target: Any) -> None:
            if not self.is_copying:
                real(weights, stage, target)
                return
            host = weights._host
            assert host is not None and weights.is_parked
            target[stage.begin : stage.end].zero_()
            self.sent.append(lambda: target[stage.begin : stage.end].copy_(host[stage.begin : stage.end]))

        return copy

    def wait_stream(self, stream: Bus) -> None:
        pass

    def synchronize(self) -> None:
        pass

    def record_event(self) -> SimpleNamespace:
        number = len(self.sent)
        return SimpleNamespace(number=number, synchronize=lambda: self.arrive(number))

    def wait_event(self, event: SimpleNamespace) -> None:
        self.arrive(event.number)

    def arrive(self, number: int) -> None:
        while self.arrived < number:
            self.sent[self.arrived]()
            self.arrived += 1


def hooks(model: nn.Module) -> int:
    return sum(len(module._forward_pre_hooks) for module in model.modules())


def test_each_stage_waits_for_its_own_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    model = mixed()
    numbers = torch.tensor([1, 2, 3])
    said, inside = model(numbers), model.layers[0](torch.ones(1, 6))
    bus = Bus(monkeypatch)
    weights = TorchWeights([model.embed, model.layers, model.head, model], "cuda")
    for _ in range(2):
        weights.park()
        assert len(bus.pinned) == 1
        bus.sent, bus.arrived = [], 0
        weights.unpark()
        assert len(bus.sent) == 4 and bus.arrived == 0 and hooks(model)
        assert torch.equal(model.layers[0](torch.ones(1, 6)), inside) and bus.arrived == 2
        assert weights._host is not None
        assert torch.equal(model(numbers), said) and bus.arrived == 4
        bus.sent = []
        # Nothing is left that would cost time, and the host's memory is free.
        assert hooks(model) == 0 and weights._host is None and not bus.pinned


def test_parking_before_all_has_arrived_waits_and_copies_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model = mixed()
    before = state(model)
    Bus(monkeypatch)
    weights = TorchWeights(stages(model), "cuda")
    weights.park()
    place = model.embed.weight.data_ptr()
    weights.unpark()
    weights.wait()
    assert same(before, state(model)) and hooks(model) == 0
    weights = TorchWeights(stages(model), "cuda", keep_host_copy=True)
    weights.park()
    place = model.embed.weight.data_ptr()
    weights.unpark()
    weights.park()
    assert model.embed.weight.data_ptr() == place and same(before, state(model)) and hooks(model) == 0


def test_closing_gives_back_what_was_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = Bus(monkeypatch)
    model = mixed()
    weights = TorchWeights(stages(model), "cuda")
    weights.park()
    assert bus.pinned
    weights.close()
    gc.collect()
    assert not bus.pinned
