"""A GPU that is not there: what is said to be on it is in the host's memory, and fails where it would on a real one.

Tensors on two devices do not meet, nor does chance of the wrong one; memory that nobody has written is no number; a
copy that nobody has waited for is not there yet; and what the host waits for is counted. How fast it is, how it rounds,
and which kernels there are is not pretended.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from types import ModuleType
from typing import Any
from unittest import mock

import pretend_cuda
import torch
from pretend_cuda import CUDA, Gpu
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

_CPU = torch.device("cpu")
_SPARE = torch.device("privateuseone", 0)
"""What torch takes the GPU for, which without CUDA has nothing for that: a kind of device that has no maker."""
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


class OnGpu(torch.Tensor):  # type: ignore[misc]  # torch is not read whole
    """A tensor that says that it is on the GPU; its memory is that of `kept`."""

    kept: torch.Tensor

    @staticmethod
    def __new__(cls, kept: torch.Tensor) -> OnGpu:
        made: OnGpu = torch.Tensor._make_subclass(
            cls, kept, False, dispatch_device=True, device_for_backend_keys=_SPARE
        )
        made.kept = kept
        storage = kept.untyped_storage()
        if type(storage) is torch.UntypedStorage:
            storage.__class__ = GpuStorage
        return made

    @classmethod
    def __torch_dispatch__(cls, call: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        return _do(pretend_cuda.gpu(), call, arguments, options or {})

    @property
    def device(self) -> torch.device:
        return CUDA

    @property
    def is_cuda(self) -> bool:
        return True

    def numpy(self, *arguments: Any, **options: Any) -> Any:
        raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first")

    __array__ = numpy

    def tolist(self) -> Any:
        return self.cpu().tolist()

    def __format__(self, form: str) -> str:
        return format(self.cpu(), form)

    def __repr__(self, **options: Any) -> str:
        return str(self.cpu())

    def set_(self, storage: Any, *place: Any) -> OnGpu:
        if storage.device != CUDA:
            raise RuntimeError(f"Attempted to set the storage of a tensor on device {CUDA} to one on {storage.device}")
        _swap(self, OnGpu(torch.empty(0, dtype=self.dtype).set_(storage, *place)))
        return self


class GpuStorage(torch.UntypedStorage):  # type: ignore[misc]  # torch is not read whole
    """Memory that says that it is the GPU's."""

    @property
    def device(self) -> torch.device:
        return CUDA

    def clone(self) -> torch.UntypedStorage:
        return torch.UntypedStorage(self.nbytes()).copy_(self)


class Chance(torch.Generator):  # type: ignore[misc]  # torch is not read whole
    """A generator that knows where it is. The one on the GPU draws what the processor's would."""

    place: torch.device

    def __new__(cls, device: Any = "cpu") -> Chance:
        made: Chance = super().__new__(cls, "cpu")
        made.place = CUDA if _is_there(device) else _CPU
        if _is_there(device):
            # It comes to a call as another object.
            pretend_cuda.gpu().chances[made._cdata] = made
        return made

    @property
    def device(self) -> torch.device:
        return self.place


@contextmanager
def pretended() -> Iterator[Gpu]:
    """Have a GPU, in this thread and in those that it starts."""
    _guard()
    run = threading.Thread.run

    def run_there(thread: threading.Thread) -> None:
        with _Factories(gpu), _Setters(gpu):
            run(thread)

    with pretend_cuda.pretended() as gpu, ExitStack() as stack:
        stack.enter_context(mock.patch.object(threading.Thread, "run", run_there))
        stack.enter_context(mock.patch.object(torch, "Generator", Chance))
        maker = ModuleType(f"torch.{_SPARE.type}")
        vars(maker).update(_lazy_init=lambda: None, _is_in_bad_fork=lambda: False, manual_seed_all=lambda seed: None)
        sys.modules[maker.__name__] = maker
        stack.callback(sys.modules.pop, maker.__name__)
        stack.enter_context(mock.patch.object(torch, _SPARE.type, maker, create=True))
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
        is_there = any(isinstance(part, OnGpu) for part in tree_leaves((arguments, options)))
        if is_there and getattr(call, "__name__", "") == "__set__" and call.__self__ is torch.Tensor.data:
            return _become(*arguments)
        if is_there and call in _AT_ONCE:
            return _do(self._gpu, call, arguments, options)
        if call is torch.device:
            return call(*arguments, **options)
        arguments, options = tree_map(_spare, (arguments, options))
        if _is_there(options.get("device")):
            if call in _OF_NUMBERS:
                return call(*arguments, **{**options, "device": _CPU}).to(_SPARE)
            options["device"] = _SPARE
        return call(*arguments, **options)


def _spare(part: Any) -> Any:
    return _SPARE if isinstance(part, torch.device) and part.type == "cuda" else part


def _is_there(device: Any) -> bool:
    return device is not None and torch.device(device).type in (CUDA.type, _SPARE.type)


def _become(tensor: torch.Tensor, other: torch.Tensor) -> None:
    other = OnGpu(other.kept) if isinstance(other, OnGpu) else other.detach()
    if isinstance(tensor, torch.nn.Parameter):
        other = torch.nn.Parameter(other, requires_grad=False)
    _swap(tensor, other)


def _swap(one: torch.Tensor, other: torch.Tensor) -> None:
    """As torch does, which refuses where somebody knows one of them without keeping it."""
    one.__class__, other.__class__ = other.__class__, one.__class__
    one.__dict__, other.__dict__ = other.__dict__, one.__dict__
    torch._C._swap_tensor_impl(one, other)


def _do(gpu: Gpu, call: Any, arguments: Any, options: dict[str, Any]) -> Any:
    """Do a call where it would be done."""
    if call is torch.ops.prim.device.default:
        return _SPARE
    name = call.overloadpacket.__name__ if hasattr(call, "overloadpacket") else call.__name__
    given = tree_leaves((arguments, options))
    there = [part for part in given if isinstance(part, OnGpu)]
    wanted = options.get("device")
    is_there = bool(there) if wanted is None else _is_there(wanted)
    if not there and not is_there:
        return _on_processor(gpu, call, name, arguments, options)
    _check_devices(gpu, call, name, arguments, given, is_there)
    if name in ("is_pinned", "record_stream"):
        return False if name == "is_pinned" else None
    real_arguments, real_options = tree_map(_real, (arguments, options))
    if wanted is not None:
        real_options["device"] = _CPU
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
    return tree_map(lambda part: _placed(name, part, there, is_there), made)


def _on_processor(gpu: Gpu, call: Any, name: str, arguments: Any, options: dict[str, Any]) -> Any:
    if name == "is_pinned":
        return gpu.is_pinned(arguments[0])
    if name == "_pin_memory":
        return gpu.pin(arguments[0].clone())
    is_pinned = options.pop("pin_memory", None)
    if any(isinstance(part, _GENERATOR) and part._cdata in gpu.chances for part in options.values()):
        raise RuntimeError(f"{name}: Expected a '{_CPU}' device type for generator")
    made = call(*arguments, **options)
    return gpu.pin(made) if is_pinned else made


def _check_devices(gpu: Gpu, call: Any, name: str, arguments: Any, given: list[Any], is_there: bool) -> None:
    for part in given:
        if isinstance(part, _GENERATOR) and (part._cdata in gpu.chances) != is_there:
            raise RuntimeError(f"{name}: Expected a '{CUDA if is_there else _CPU}' device type for generator")
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
    for part in tree_leaves(here):
        if isinstance(part, torch.Tensor) and not isinstance(part, OnGpu) and not (is_plain and part.dim() == 0):
            raise RuntimeError(
                f"{name}: Expected all tensors to be on the same device, but found at least two devices, {CUDA} and cpu"
            )


def _move(gpu: Gpu, name: str, arguments: Any, options: dict[str, Any], is_there: bool, work: Any) -> Any:
    source = arguments[1] if name == "copy_" else arguments[0]
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
    return [place for place in tree_leaves(arguments[1]) if isinstance(place, torch.Tensor)]


def _spoil(made: torch.Tensor) -> None:
    storage = made.untyped_storage()
    if storage.nbytes() and made.dtype is not torch.bool:
        torch.empty(0, dtype=torch.uint8).set_(storage, 0, (storage.nbytes(),), (1,)).fill_(_GARBAGE)


def _real(part: Any) -> Any:
    return part.kept if isinstance(part, OnGpu) else part


def _placed(name: str, part: Any, there: list[OnGpu], is_there: bool) -> Any:
    """What was made, where it is; what was given is given back."""
    if not isinstance(part, torch.Tensor):
        return part
    for given in there:
        if given.kept is part:
            assert part.shape == given.shape and part.stride() == given.stride(), f"{name} has another shape in place"
            return given
    return OnGpu(part) if is_there and not isinstance(part, OnGpu) else part
