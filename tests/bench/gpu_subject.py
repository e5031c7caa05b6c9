"""What an engine needs to be measured at full size: a checkpoint, a request, and the loop of its own library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wyoming_openspeakers.engines.base import EngineRequest

TEXT = "Good morning. The window is open."


@dataclass(frozen=True)
class Scale:
    """How large a measurement is: full size on an accelerator, small on a processor."""

    device: str
    is_full: bool
    seconds: float
    """Of speech."""

    threads: int = 0
    """Processor threads, 0 for as many as the engine or the library likes."""

    @property
    def dtype(self) -> Any:
        """What the published weights are kept in; the processor is slow with it."""
        import torch

        return torch.bfloat16 if self.is_full else torch.float32


Loop = Callable[[], float]
"""Says what the request says, with the library alone; seconds of sound."""


@dataclass(frozen=True)
class Subject:
    """A model of published size with random weights; how long it speaks is a parameter of the request."""

    name: str
    engine: str
    make: Callable[[Path, Scale], None]
    """Write the checkpoint in the hub's layout."""

    request: Callable[[Scale], EngineRequest]
    """With no voice for the first that the engine has."""

    library: Callable[[Path, Scale], Loop] | None = None
    """Load the same files with the library; its own unmodified loop."""

    factor_at_most: float | None = None
    """The part of the sound's length that making it may take, on an accelerator."""

    first_at_most: float | None = None
    """Milliseconds to the first sound, on an accelerator."""

    reported: str = ""
    """What others say of it."""

    variants: Mapping[str, Callable[[Any], None]] = field(default_factory=dict)
    """What is done to a loaded engine to see what a part of it brings, one after the other."""


def save(
    model_class: Any, config: Any, folder: Path, scale: Scale, prepare: Callable[[Any], None] | None = None
) -> None:
    """Make a model with random weights where it is fastest, and write it."""
    import torch

    torch.manual_seed(1)
    with torch.device(scale.device), torch.no_grad():
        model = model_class._from_config(config, dtype=scale.dtype)
        if prepare:
            prepare(model)
    model.save_pretrained(folder)
    del model
    give_back(scale.device)


def give_back(device: str) -> None:
    """Have the device's memory free for whoever comes next."""
    import gc

    import torch

    gc.collect()
    if device == "cuda":
        torch.cuda.empty_cache()


def synchronise(device: str) -> None:
    """Wait for all that the device was told to do."""
    import torch

    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()
