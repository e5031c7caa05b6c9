"""Tensors, memory and chance that say that they are on a GPU, and are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pretend_cuda
import torch
from pretend_cuda import CUDA

CPU = torch.device("cpu")
SPARE = torch.device("privateuseone", 0)
"""What torch takes the GPU for, which without CUDA has nothing for that: a kind of device that has no maker."""


class OnGpu(torch.Tensor):  # type: ignore[misc]  # torch is not read whole
    """A tensor that says that it is on the GPU; its memory is that of `kept`."""

    kept: torch.Tensor

    @staticmethod
    def __new__(cls, kept: torch.Tensor) -> OnGpu:
        made: OnGpu = torch.Tensor._make_subclass(
            cls, kept, False, dispatch_device=True, device_for_backend_keys=SPARE
        )
        made.kept = kept
        storage = kept.untyped_storage()
        if type(storage) is torch.UntypedStorage:
            storage.__class__ = GpuStorage
        return made

    @classmethod
    def __torch_dispatch__(cls, call: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        return pretend_cuda.gpu().call(call, arguments, options or {})

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
        made.place = CUDA if is_on_gpu(device) else CPU
        if is_on_gpu(device):
            # It comes to a call as another object.
            pretend_cuda.gpu().chances[made._cdata] = made
        return made

    @property
    def device(self) -> torch.device:
        return self.place


def is_on_gpu(device: Any) -> bool:
    return device is not None and torch.device(device).type in (CUDA.type, SPARE.type)


def become(tensor: torch.Tensor, other: torch.Tensor) -> None:
    other = OnGpu(other.kept) if isinstance(other, OnGpu) else other.detach()
    if isinstance(tensor, torch.nn.Parameter):
        other = torch.nn.Parameter(other, requires_grad=False)
    _swap(tensor, other)


def _swap(one: torch.Tensor, other: torch.Tensor) -> None:
    """As torch does, which refuses where somebody knows one of them without keeping it."""
    one.__class__, other.__class__ = other.__class__, one.__class__
    one.__dict__, other.__dict__ = other.__dict__, one.__dict__
    torch._C._swap_tensor_impl(one, other)


def leaves(value: Any) -> Iterator[Any]:
    """What is in lists in a call; torch's own way to it takes longer than the call."""
    if isinstance(value, list | tuple | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from leaves(part)
    else:
        yield value


def mapped(change: Callable[[Any], Any], value: Any) -> Any:
    if type(value) in (list, tuple):
        return type(value)([mapped(change, part) for part in value])
    if isinstance(value, dict):
        return {name: mapped(change, part) for name, part in value.items()}
    return change(value)


def real(part: Any) -> Any:
    return part.kept if isinstance(part, OnGpu) else part
