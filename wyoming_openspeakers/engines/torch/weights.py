"""Moves a model's weights between its device and host memory, in one copy each way.

A parked model's weights are one block of page-locked host memory, and a resident one's are one block on the device, so
that a move is as fast as the bus. A move back returns before all is there: each stage of the model waits for its own
weights when it is first called, while those of the stages after it are still under way.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .checkpoint import large_pages
from .graphs import CAPTURING
from .layout import Stage, bytes_of, lay_out

if TYPE_CHECKING:
    import torch
    from torch import nn

PORTABLE = 1
"""CUDA's flag for host memory that is page-locked for all devices."""


class TorchWeights:
    """All parameters and buffers of some modules, on their device or parked.

    `modules` are the stages of a model in the order of their use; when one, or anything in it, is first called after
    `unpark`, the device waits for its weights and for those before it. Who uses weights without calling the module
    that they are in calls `wait` first, or lists that module before one that is called earlier.

    With `keep_host_copy` the host memory stays in use while the weights are on the device, as much as they need there,
    and parking again costs nothing: weights never change while a model speaks.
    """

    def __init__(
        self, modules: Sequence[nn.Module], device: str | torch.device, *, keep_host_copy: bool = False
    ) -> None:
        import torch

        self._device = torch.device(device)
        self._keep_host_copy = keep_host_copy
        self._stages, self._empty, self.bytes = lay_out(modules)
        """`bytes` is what the weights need, on the device or parked."""
        self._home: torch.Tensor | None = None
        """The one block on the device, or None while the weights are where the model was loaded to."""
        self._host: torch.Tensor | None = None
        self._arrivals: list[torch.cuda.Event] = []
        self._hooks: list[list[Any]] = []
        """Those of each stage that is still to be waited for."""
        self.is_parked = False

    def park(self) -> None:
        """Move the weights to host memory and give back what they had on the device."""
        if self.is_parked:
            return
        self.wait()
        if self._host is None:
            host = self._host_block()
            self._copy(host)
            self._synchronise()
            self._host = host
        self._point_to(self._host)
        self._home = None
        self.is_parked = True
        self._give_back()

    def unpark(self) -> None:
        """Move the weights to the device; without room for them they stay where they are."""
        import torch

        if self._home is not None:
            return
        home = torch.empty(self.bytes, dtype=torch.uint8, device=self._device)
        if self._device.type == "cuda":
            self._start_copy(home)
        else:
            self._copy(home)
        self._point_to(home)
        self._home = home
        self.is_parked = False
        if not self._arrivals:
            self._drop_host_copy()

    def wait(self) -> None:
        """Wait until all weights are on the device."""
        if self._arrivals:
            self._wait_for(len(self._arrivals) - 1)

    def close(self) -> None:
        """Give back the host memory; the modules' weights are gone if they were parked."""
        self.wait()
        for weight in self._weights():
            weight.data = weight.new_empty(0)
        self._keep_host_copy = False
        self._home = None
        self._drop_host_copy()
        self._stages = []
        self._give_back()

    def _start_copy(self, home: torch.Tensor) -> None:
        import torch

        arrivals: list[torch.cuda.Event] = []
        stream = torch.cuda.Stream(self._device)
        # The memory may be of something that the device has not finished with.
        stream.wait_stream(torch.cuda.current_stream(self._device))
        try:
            with torch.cuda.stream(stream):
                for stage in self._stages:
                    self._copy_stage(stage, home)
                    arrivals.append(stream.record_event())
        except BaseException:
            stream.synchronize()
            raise
        self._arrivals = arrivals
        self._hooks = [self._hook(number, stage.modules) for number, stage in enumerate(self._stages)]

    def _hook(self, number: int, modules: list[nn.Module]) -> list[Any]:
        def before(module: nn.Module, arguments: Any) -> None:
            self._wait_for(number)

        return [module.register_forward_pre_hook(before) for module in modules]

    def _wait_for(self, number: int) -> None:
        import torch

        if not self._arrivals:
            return
        torch.cuda.current_stream(self._device).wait_event(self._arrivals[number])
        for hooks in self._hooks[: number + 1]:
            while hooks:
                hooks.pop().remove()
        if number == len(self._arrivals) - 1:
            # The host's memory is in use until the last byte has left it.
            self._arrivals[number].synchronize()
            self._arrivals = []
            self._hooks = []
            self._drop_host_copy()

    def _copy(self, target: torch.Tensor) -> None:
        for stage in self._stages:
            self._copy_stage(stage, target)

    def _copy_stage(self, stage: Stage, target: torch.Tensor) -> None:
        source = self._host if self.is_parked else self._home
        if source is not None:
            target[stage.begin : stage.end].copy_(source[stage.begin : stage.end], non_blocking=True)
            return
        for block in stage.blocks:
            size = block.end - block.begin
            target[block.place : block.place + size].copy_(bytes_of(block), non_blocking=True)

    def _point_to(self, target: torch.Tensor) -> None:
        import torch

        storage = target.untyped_storage()
        with torch.no_grad():
            for stage in self._stages:
                for block in stage.blocks:
                    for weight in block.weights:
                        begin = block.place + weight.storage_offset() * weight.element_size() - block.begin
                        moved = torch.empty(0, dtype=weight.dtype, device=target.device)
                        place = begin // weight.element_size()
                        weight.data = moved.set_(storage, place, weight.size(), weight.stride())
                    # From now on the bytes lie in one block, in the order of their places.
                    block.begin, block.end = block.place, block.place + block.end - block.begin
                    block.storage = storage
            for weight in self._empty:
                weight.data = torch.empty_strided(
                    weight.size(), weight.stride(), dtype=weight.dtype, device=target.device
                )

    def _weights(self) -> Iterator[torch.Tensor]:
        for stage in self._stages:
            for block in stage.blocks:
                yield from block.weights

    def _host_block(self) -> torch.Tensor:
        import torch

        if not self.bytes:
            return torch.empty(0, dtype=torch.uint8)
        host = torch.frombuffer(large_pages(self.bytes), dtype=torch.uint8)
        if self._device.type == "cuda":
            # torch's own page-locked memory comes in powers of two, and is kept when it is freed.
            runtime: Any = torch.cuda.cudart()
            address = host.data_ptr()
            # On another device this would open it, which takes hundreds of megabytes there.
            with torch.cuda.device(self._device):
                state = runtime.cudaHostRegister(address, self.bytes, PORTABLE)
            if state == runtime.cudaError.success:
                weakref.finalize(host, runtime.cudaHostUnregister, address).atexit = False
            else:
                # Copies are only slower then. But the next to ask would be told of the failure: let it be this one.
                with contextlib.suppress(RuntimeError):
                    torch.zeros(1, device=self._device)
        return host

    def _drop_host_copy(self) -> None:
        if not self._keep_host_copy:
            self._host = None

    def _synchronise(self) -> None:
        import torch

        if self._device.type == "cuda":
            # Not the whole device, on which another model may be capturing.
            torch.cuda.current_stream(self._device).synchronize()
        elif self._device.type == "mps":
            torch.mps.synchronize()

    def _give_back(self) -> None:
        import torch

        if self._device.type == "cuda":
            with CAPTURING:
                torch.cuda.empty_cache()
        elif self._device.type == "mps":
            torch.mps.empty_cache()
