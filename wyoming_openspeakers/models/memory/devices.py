"""Where models can run, and which of these places is the best for one."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ...errors import ModelUnavailable, OutOfMemory
from ...events import Gpu

Kind = Literal["cpu", "cuda", "mps"]

_MIG = "MIG-"


@dataclass(frozen=True)
class Device:
    """A place to run."""

    name: str
    """`cpu`, `mps`, or `cuda:0`: the GPU of that number, as `nvidia-smi` counts them."""

    kind: Kind
    memory: int
    """All of its bytes; a GPU of the `mps` kind shares the machine's."""

    uuid: str = ""
    """A GPU's own, that stays when the numbers change."""


@dataclass(frozen=True)
class Room:
    """What a device has left for models."""

    device: Device
    budget: int
    """Bytes that models may take there at most."""

    free: int
    """Bytes that can be taken now: within the budget, and really free."""

    evictable: int = 0
    """Bytes that come free when the models that may go do so, at once or once they have finished speaking."""

    def missing(self, need: int) -> int:
        """Bytes that others have to give up for a model."""
        return max(0, need - self.free)

    def can_hold(self, need: int) -> bool:
        """Whether a model fits, if need be after others went."""
        return need <= self.budget and self.missing(need) <= self.evictable


@dataclass(frozen=True)
class Need:
    """How much memory a model takes; 0 where that is not known yet."""

    device: int = 0
    """Bytes on a GPU."""

    host: int = 0
    """Bytes of host memory when it runs on the processor."""

    def on(self, device: Device) -> int:
        """Bytes on this device."""
        return self.host if device.kind == "cpu" else self.device


def find_devices(
    gpus: Iterable[Gpu], host_memory: int, system: str = platform.system(), machine: str = platform.machine()
) -> list[Device]:
    """All places to run on this machine."""
    devices = [Device("cpu", "cpu", host_memory)]
    devices += [Device(f"cuda:{gpu.index}", "cuda", gpu.memory_total, gpu.uuid) for gpu in gpus]
    if (system, machine) == ("Darwin", "arm64"):
        devices.append(Device("mps", "mps", host_memory))
    return devices


def wish_for(own: str | None, default: str, usable: Sequence[str]) -> str:
    """The device that a model asks for: its entry's or the service's.

    The service's is for all models; one whose engine cannot use it runs where it can.
    """
    if own:
        return own
    return default if _kind(default) in usable else "auto"


def choose(model: str, usable: Sequence[str], wish: str, rooms: Sequence[Room], need: Need) -> Room:
    """The device to load a model on.

    `usable` are the kinds that its engine can use, the best first. With `auto` the best kind that is there and has
    room; a kind or a device by name is taken at its word. Where several devices would do, the one that evicts least,
    then the one with the most free memory.
    """
    kinds = list(usable) if wish == "auto" else [_kind(wish)]
    candidates = [room for room in rooms if room.device.kind in kinds and room.device.kind in usable]
    if ":" in wish:
        candidates = [room for room in candidates if room.device.name == wish]
    if not candidates:
        raise ModelUnavailable(f"Model {model} {_unmet(usable, wish)}; this machine has {_names(rooms)}")
    fitting = [room for room in candidates if room.can_hold(need.on(room.device))]
    if not fitting:
        others = [room for room in rooms if room.device.kind in usable and room.can_hold(need.on(room.device))]
        advice = _advice(candidates, others, need)
        raise OutOfMemory(f"Model {model} does not fit: it takes {_lack(candidates, need)}; {advice}")
    return min(fitting, key=lambda room: _rank(room, kinds, need.on(room.device)))


def engine_device(device: Device) -> str:
    """What the engine in a worker is told: a worker sees no other GPU than its own."""
    return device.kind


def worker_variables(device: Device, visible: str | None = None) -> dict[str, str]:
    """Environment variables that let a worker see its device only, so that it takes no memory on others.

    `visible` is the service's own CUDA_VISIBLE_DEVICES, when not given that of this process.
    """
    if visible is None:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    if device.kind != "cuda":
        return {"CUDA_VISIBLE_DEVICES": ""}
    # Slices of a GPU go by names that only the user knows; the GPU's own would open the first of them.
    name = visible if visible.startswith(_MIG) else device.uuid
    return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": name}


def _kind(wish: str) -> str:
    return wish.partition(":")[0]


def _rank(room: Room, kinds: Sequence[str], need: int) -> tuple[int, int, int, str]:
    return kinds.index(room.device.kind), room.missing(need), -room.free, room.device.name


def _unmet(usable: Sequence[str], wish: str) -> str:
    if wish == "auto":
        return f"runs on {' or '.join(usable)} only"
    if _kind(wish) not in usable:
        return f"cannot run on {wish}: its engine uses {' or '.join(usable)} only"
    return f"cannot run on {wish}: there is none"


def _names(rooms: Sequence[Room]) -> str:
    return ", ".join(room.device.name for room in rooms) or "no device"


def _lack(candidates: Sequence[Room], need: Need) -> str:
    return "; ".join(_lack_of(room, need.on(room.device)) for room in candidates)


def _advice(candidates: Sequence[Room], others: Sequence[Room], need: Need) -> str:
    """What to do where a model does not fit; `others` are places that it was not to use."""
    advice = []
    if any(need.on(room.device) <= room.budget for room in candidates):
        advice.append("unload another model, or let one go that is on standby")
    elif any(need.on(room.device) < room.device.memory for room in candidates):
        advice.append("raise that")
    if others:
        advice.append(f"set its device to auto, for {others[0].device.name} has room")
    return ", or ".join([*advice, "take a smaller model"])


def _lack_of(room: Room, need: int) -> str:
    key = "models.gpu_memory" if room.device.kind == "cuda" else "models.host_memory"
    possible = max(0, min(room.budget, room.free + room.evictable))
    return f"{_size(need)} where {room.device.name} can give {_size(possible)} ({key} allows {_size(room.budget)})"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
