"""What this machine has to run models on, in a word."""

from __future__ import annotations

from ....models.manager import ModelManager


def compute_device(manager: ModelManager) -> str:
    """`cuda:0 (its name)`, `mps` or `cpu`: the best that there is."""
    devices = manager.residents.devices.values()
    for kind in ("cuda", "mps"):
        if device := next((device for device in devices if device.kind == kind), None):
            names = {f"cuda:{gpu.index}": gpu.name for gpu in manager.gpus.gpus}
            return f"{device.name} ({names[device.name]})" if device.name in names else device.name
    return "cpu"
