"""The places where models live on this machine, what each may hold, and which is right for a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...config import ModelsConfig
from ...config.values import parse_budget
from ...errors import ModelUnavailable, OutOfMemory
from ...events import Gpu
from ..registry import Registry
from .devices import Device, Need, Room, choose, find_devices, wish_for
from .host import read_host_memory
from .measured import Measured, estimate
from .residency import Space

_SMALL_PROCESS, _LARGE_PROCESS = 60_000_000, 400_000_000
"""Bytes of a process before it has a model: with little besides numpy, and with such as PyTorch."""


class Places:
    """Devices and their budgets; knows how to choose among them."""

    def __init__(self, registry: Registry, config: ModelsConfig, measured: Measured, gpus: Iterable[Gpu]) -> None:
        self._registry = registry
        self._config = config
        self._measured = measured
        host = read_host_memory().total
        self.devices: Mapping[str, Device] = {device.name: device for device in find_devices(gpus, host)}
        self._most = {
            name: parse_budget(config.gpu_memory if device.kind == "cuda" else config.host_memory, device.memory)
            for name, device in self.devices.items()
        }
        self.budgets: dict[str, int] = dict(self._most)
        """Bytes that models may take, by the device's name."""
        self._needs: dict[str, Need] = {}

    def kind(self, pool: str) -> str:
        """`cpu`, `cuda` or `mps`."""
        return self.devices[pool].kind

    def estimate(self, model: str) -> None:
        """Find out what a model will take; reads the sizes of files, so it is for a thread."""
        self._needs[model] = self.need(model)

    def need(self, model: str) -> Need:
        """What a model will take; reads the sizes of files, so it is for a thread."""
        entry, sizes = self._registry.entry(model), {}
        for kind in self._usable(model):
            # The places are a generator: nobody looks for them unless the weights must be weighed.
            known = self._measured.of(model, kind) or estimate(entry, kind, self._registry.places(model))
            sizes[kind] = known.resident
        return Need(device=sizes.get("cuda") or sizes.get("mps", 0), host=sizes.get("cpu", 0))

    def choose(self, model: str, spaces: Mapping[str, Space]) -> tuple[str, int]:
        """The device to load a model on, and the bytes that it needs there."""
        need = self._needs[model]
        device = self._choose(model, spaces, need)
        return device.name, need.on(device)

    def can_hold(self, model: str, spaces: Mapping[str, Space]) -> bool:
        """Whether there is a device for a model; may read the sizes of files, so it is for a thread."""
        try:
            self._choose(model, spaces, self.need(model))
        except (OutOfMemory, ModelUnavailable):
            return False
        except OSError:
            # Its files are just being changed: whoever loads it is told.
            return True
        return True

    def _choose(self, model: str, spaces: Mapping[str, Space], need: Need) -> Device:
        entry = self._registry.entry(model)
        usable = self._usable(model)
        rooms = [
            Room(self.devices[name], space.budget, max(0, space.free), space.evictable)
            for name, space in spaces.items()
        ]
        return choose(model, usable, wish_for(entry.device, self._config.device, usable), rooms, need).device

    def parked_size(self, model: str, pool: str, resident: int) -> int:
        """Bytes of host memory that a model will take when it is parked: as measured, or those that it moves."""
        kind = self.kind(pool)
        measured = self._measured.of(model, kind)
        return (measured and measured.parked) or (0 if kind == "cpu" else resident)

    def process_size(self, model: str, process: str) -> int:
        """Bytes of host memory that a process will take besides its models: as measured, or by what it imports."""
        if measured := self._measured.of(f"process:{process}", "cpu"):
            return measured.resident
        return _LARGE_PROCESS if self._registry.engine(model).packages else _SMALL_PROCESS

    def make_room_for_others(self, pool: str, used_by_others: int) -> None:
        """Take less of a GPU of which other programs use so many bytes."""
        self.budgets[pool] = max(0, min(self._most[pool], self.devices[pool].memory - used_by_others))

    def _usable(self, model: str) -> tuple[str, ...]:
        return self._registry.engine(model).capabilities.devices
