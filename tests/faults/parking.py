"""The engine that fails on command on a machine that seems to have GPUs, as an engine that parks on them.

What it has there is only counted, by a stand-in for torch, which keeps what was freed until it is told to let go, as
torch does. Parked, it is real host memory. `cuda_megabytes` is how much there is of it, `park_seconds` is what parking
takes, `park_fail` and `unpark_fail` do so, and `oom_unparks` is a file like the engine's `oom_loads`.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType

from faults.engine import Ballast, FaultEngine, ballast, finds_no_memory

from wyoming_openspeakers.engines.base import Audio, EngineRequest, ModelSpec

GPUS = 2


class Cuda:
    """As much of torch.cuda as a worker looks at."""

    def __init__(self) -> None:
        self.used: Counter[int] = Counter()
        self.kept: Counter[int] = Counter()

    def is_initialized(self) -> bool:
        """Whether somebody uses it."""
        return True

    def device_count(self) -> int:
        """How many GPUs there are."""
        return GPUS

    def memory_reserved(self, device: int) -> int:
        """Bytes that are in use or kept for the next use."""
        return self.used[device] + self.kept[device]

    def empty_cache(self) -> None:
        """Keep nothing."""
        self.kept.clear()

    def take(self, device: int, size: int) -> None:
        """Use memory, that which was kept first."""
        self.kept[device] = max(0, self.kept[device] - size)
        self.used[device] += size

    def free(self, device: int, size: int) -> None:
        """Use it no more."""
        self.used[device] -= size
        self.kept[device] += size


class OutOfMemoryError(RuntimeError):
    """What torch raises; it is known by its name."""


class ParkingEngine(FaultEngine):
    """Moves what it has between the GPU and host memory."""

    capabilities = replace(FaultEngine.capabilities, parks=True, devices=("cuda", "cpu"))

    def load(self, spec: ModelSpec, device: str) -> None:
        """Take memory of the GPU too, if that is the device."""
        super().load(spec, device)
        torch = sys.modules.setdefault("torch", ModuleType("torch"))
        torch.cuda = cuda = getattr(torch, "cuda", None) or Cuda()  # type: ignore[attr-defined]
        self._cuda: Cuda = cuda
        self._parameters = spec.parameters
        self._device = int(device.partition(":")[2] or 0) if device.startswith("cuda") else None
        self._megabytes = spec.parameters.get("cuda_megabytes", 0)
        self._parked: Ballast | None = None
        if self._device is not None:
            self._cuda.take(self._device, self._megabytes * 1_000_000)

    def stream(self, request: EngineRequest) -> Iterator[Audio]:
        """Speak, from the GPU only."""
        assert self._parked is None, "it speaks while it is parked"
        yield from super().stream(request)

    def park(self) -> None:
        """Move to host memory."""
        time.sleep(self._parameters.get("park_seconds", 0))
        if self._parameters.get("park_fail"):
            raise RuntimeError("the bus is down")
        assert self._device is not None and self._parked is None
        self._cuda.free(self._device, self._megabytes * 1_000_000)
        self._parked = ballast(self._megabytes)

    def unpark(self) -> None:
        """Move back."""
        if self._parameters.get("unpark_fail"):
            raise RuntimeError("the bus is down")
        if finds_no_memory(self._parameters.get("oom_unparks")):
            raise OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        assert self._device is not None and self._parked is not None
        self._cuda.take(self._device, self._megabytes * 1_000_000)
        self._parked = None

    def unload(self) -> None:
        """Give all back."""
        super().unload()
        if self._device is not None and self._parked is None:
            self._cuda.free(self._device, self._megabytes * 1_000_000)
        self._parked = None


ENGINE = ParkingEngine
