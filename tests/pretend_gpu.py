"""A GPU that is not there: what is said to be on it is in the host's memory, and fails where it would on a real one.

Tensors on two devices do not meet, nor does chance of the wrong one; memory that nobody has written is no number; a
copy that nobody has waited for is not there yet; and what the host waits for while the GPU has nothing to do is
counted. How fast it is, how it rounds, and which kernels there are is not pretended.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from types import ModuleType
from typing import Any
from unittest import mock

import pretend_cuda
import torch
from pretend_cuda import CUDA, Gpu
from pretend_tensors import CPU, SPARE, Chance, OnGpu, become, is_on_gpu, leaves, mapped, real
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

_MOVES = ("copy_", "_to_copy", "_copy_from")
_INDEXES = ("__getitem__", "__setitem__", "index", "index_put", "index_put_", "_unsafe_index", "_unsafe_index_put")
_COUNTS = ("nonzero", "masked_select", "_unique2", "unique_consecutive", "equal", "is_nonzero", "bincount")
"""How much they make, or what they say, is not known before it is there."""

_GENERATOR = torch.Generator

_GARBAGE = 0xFF
"""What memory holds that nobody has written: no number."""

_AT_ONCE = (torch.nn.functional.scaled_dot_product_attention, torch.lstm, torch.gru, torch.rnn_tanh, torch.batch_norm)
"""What a GPU has kernels of its own for."""

_OF_NUMBERS = (torch.tensor, torch.as_tensor)
"""What is made with the host and brought."""


@contextmanager
def pretended() -> Iterator[Gpu]:
    """Have a GPU, in this thread and in those that it starts."""
    _guard()
    run = threading.Thread.run

    def run_there(thread: threading.Thread) -> None:
        with _Factories(gpu), _Setters(gpu):
            run(thread)

    with pretend_cuda.pretended() as gpu, ExitStack() as stack:
        gpu.call = partial(_do, gpu)
        stack.enter_context(mock.patch.object(threading.Thread, "run", run_there))
        stack.enter_context(mock.patch.object(torch, "Generator", Chance))
        maker = ModuleType(f"torch.{SPARE.type}")
        vars(maker).update(_lazy_init=lambda: None, _is_in_bad_fork=lambda: False, manual_seed_all=lambda seed: None)
        sys.modules[maker.__name__] = maker
        stack.callback(sys.modules.pop, maker.__name__)
        stack.enter_context(mock.patch.object(torch, SPARE.type, maker, create=True))
        stack.enter_context(_Factories(gpu))
        stack.enter_context(_Setters(gpu))
        yield gpu


@cache
def _guard() -> None:
    class Guard(torch._C._acc.DeviceGuard):  # type: ignore[misc]  # torch is not read whole
        def type_(self) -> Any:
            return torch._C._autograd.DeviceType.PrivateUse1

    torch._C._acc.register_python_privateuseone_device_guard(Guard())


class _Factories(TorchDispatchMode):  # type: ignore[misc]  # torch is not read whole
    """Sees calls that are given no tensor."""

    def __init__(self, gpu: Gpu) -> None:
        super().__init__()
        self._gpu = gpu

    def __torch_dispatch__(self, call: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        return _do(self._gpu, call, arguments, options or {})


class _Setters(TorchFunctionMode):  # type: ignore[misc]  # torch is not read whole
    """Sees what has a tensor be another one, and what must not be taken apart."""

    def __init__(self, gpu: Gpu) -> None:
        super().__init__()
        self._gpu = gpu

    def __torch_function__(self, call: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        options = options or {}
        given = (*arguments, *options.values())
        is_there = any(isinstance(part, OnGpu) for part in given)
        if is_there and getattr(call, "__name__", "") == "__set__" and call.__self__ is torch.Tensor.data:
            return become(*arguments)
        if is_there and call in _AT_ONCE:
            return _do(self._gpu, call, arguments, options)
        if call is torch.device:
            return call(*arguments, **options)
        arguments, options = mapped(_spare, arguments), mapped(_spare, options)
        if is_on_gpu(options.get("device")):
            if call in _OF_NUMBERS:
                return call(*arguments, **{**options, "device": CPU}).to(SPARE)
            options["device"] = SPARE
        return call(*arguments, **options)


def _spare(part: Any) -> Any:
    return SPARE if isinstance(part, torch.device) and part.type == "cuda" else part


def _do(gpu: Gpu, call: Any, arguments: Any, options: dict[str, Any]) -> Any:
    """Do a call where it would be done."""
    if call is torch.ops.prim.device.default:
        return SPARE
    name = call.overloadpacket.__name__ if hasattr(call, "overloadpacket") else call.__name__
    given = [*leaves(arguments), *leaves(options)]
    there = [part for part in given if isinstance(part, OnGpu)]
    wanted = options.get("device")
    is_there = bool(there) if wanted is None else is_on_gpu(wanted)
    if not there and not is_there:
        return _on_processor(gpu, call, name, arguments, options)
    _check_devices(gpu, call, name, arguments, given, is_there)
    if name in ("is_pinned", "record_stream"):
        return False if name == "is_pinned" else None
    real_arguments, real_options = mapped(real, arguments), mapped(real, options)
    if wanted is not None:
        real_options["device"] = CPU
    real_options.pop("pin_memory", None)

    def work() -> Any:
        return gpu.do(lambda: call(*real_arguments, **real_options))

    if name in _MOVES:
        made = _move(gpu, name, arguments, options, is_there, work)
    else:
        _note_waiting(gpu, name, arguments)
        made = work()
    if torch.Tag.inplace_view in getattr(call, "tags", ()):
        # What it says of itself changes too.
        with torch._C._DisableTorchDispatch():
            call(*arguments, **options)
    if "empty" in name:
        gpu.do(lambda: _spoil(made))
    return mapped(lambda part: _placed(name, part, there, is_there), made)


def _on_processor(gpu: Gpu, call: Any, name: str, arguments: Any, options: dict[str, Any]) -> Any:
    if name == "is_pinned":
        return gpu.is_pinned(arguments[0])
    if name == "_pin_memory":
        return gpu.pin(arguments[0].clone())
    is_pinned = options.pop("pin_memory", None)
    if any(isinstance(part, _GENERATOR) and part._cdata in gpu.chances for part in options.values()):
        raise RuntimeError(f"{name}: Expected a '{CPU}' device type for generator")
    made = call(*arguments, **options)
    return gpu.pin(made) if is_pinned else made


def _check_devices(gpu: Gpu, call: Any, name: str, arguments: Any, given: list[Any], is_there: bool) -> None:
    for part in given:
        if isinstance(part, _GENERATOR) and (part._cdata in gpu.chances) != is_there:
            raise RuntimeError(f"{name}: Expected a '{CUDA if is_there else CPU}' device type for generator")
    if name in _MOVES:
        return
    here = given
    if name in _INDEXES:
        # The indices may be with the host, which then have to be brought.
        here = [arguments[0], *arguments[2:]]
        is_copied = name == "__setitem__" and not _places(arguments)
        if is_copied or (name == "__getitem__" and all(place.dim() == 0 for place in _places(arguments))):
            return
        if not isinstance(arguments[0], OnGpu):
            raise RuntimeError("indices should be either on cpu or on the same device as the indexed tensor (cpu)")
    tags = getattr(call, "tags", ())
    is_plain = torch.Tag.pointwise in tags or name in ("fill_", "masked_fill", "masked_fill_", *_INDEXES)
    for part in leaves(here):
        if isinstance(part, torch.Tensor) and not isinstance(part, OnGpu) and not (is_plain and part.dim() == 0):
            raise RuntimeError(
                f"{name}: Expected all tensors to be on the same device, but found at least two devices, {CUDA} and cpu"
            )


def _move(gpu: Gpu, name: str, arguments: Any, options: dict[str, Any], is_there: bool, work: Any) -> Any:
    source = arguments[1] if name == "copy_" else arguments[0]
    if not source.numel():
        return work()
    target_is_there = isinstance(arguments[0], OnGpu) if name == "copy_" else is_there
    is_free = bool(options.get("non_blocking") or (name == "copy_" and len(arguments) > 2 and arguments[2]))
    if isinstance(source, OnGpu) and target_is_there:
        return gpu.later(work, arguments[0].kept) if name == "copy_" and gpu.is_aside else work()
    if not is_free:
        gpu.wait("a copy to the GPU" if target_is_there else "a copy to the host")
        return work()
    if name != "copy_":
        # Without a place that is known before, nobody could ask for it too early and be seen.
        gpu.wait("a copy to the host") if not target_is_there else None
        return work()
    if target_is_there:
        return gpu.later(work, arguments[0].kept) if gpu.is_aside else work()
    if not gpu.is_pinned(arguments[0]):
        gpu.wait("a copy to the host")
        return work()
    taken = source.kept.clone()
    return gpu.later(lambda: arguments[0].copy_(taken), arguments[0])


def _note_waiting(gpu: Gpu, name: str, arguments: Any) -> None:
    if name == "_local_scalar_dense":
        gpu.wait("a number")
    elif name in _COUNTS or (name == "repeat_interleave" and len(arguments) == 1):
        gpu.wait(name)
    elif name in _INDEXES:
        places = _places(arguments)
        if any(place.dtype is torch.bool for place in places):
            gpu.wait("a mask's places")
        if any(isinstance(place, OnGpu) == (place.dim() == 0) for place in places):
            gpu.wait("places")
        values = [value for value in arguments[2:] if isinstance(value, torch.Tensor) and value.dim()]
        if any(isinstance(value, OnGpu) != isinstance(arguments[0], OnGpu) for value in values):
            gpu.wait("a copy to the GPU" if isinstance(arguments[0], OnGpu) else "a copy to the host")


def _places(arguments: Any) -> list[torch.Tensor]:
    """The tensors that an index is made of."""
    return [place for place in leaves(arguments[1]) if isinstance(place, torch.Tensor)]


def _spoil(made: torch.Tensor) -> None:
    storage = made.untyped_storage()
    if storage.nbytes() and made.dtype is not torch.bool:
        torch.empty(0, dtype=torch.uint8).set_(storage, 0, (storage.nbytes(),), (1,)).fill_(_GARBAGE)


def _placed(name: str, part: Any, there: list[OnGpu], is_there: bool) -> Any:
    """What was made, where it is; what was given is given back."""
    if not isinstance(part, torch.Tensor):
        return part
    for given in there:
        if given.kept is part:
            assert part.shape == given.shape and part.stride() == given.stride(), f"{name} has another shape in place"
            return given
    return OnGpu(part) if is_there and not isinstance(part, OnGpu) else part
