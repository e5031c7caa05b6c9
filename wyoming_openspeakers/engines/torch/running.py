"""How a torch model runs in this process: where, on how many cores, and by what chance."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..base import EngineError, ModelSpec

if TYPE_CHECKING:
    import torch

MAX_THREADS = 4
"""More wait for each other longer than they save."""


def threads_for(spec: ModelSpec) -> int:
    """On how many cores a model runs."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return spec.threads or min(MAX_THREADS, cores)


def find_device(name: str) -> torch.device:
    """The device of this name on this machine."""
    import torch

    try:
        device = torch.device("cpu" if name in ("", "auto") else name)
    except RuntimeError:
        raise EngineError(f"There is no kind of device {name}; use cuda, mps or cpu", "bad_parameter") from None
    is_there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not is_there.get(device.type):
        raise EngineError(f"torch cannot use {name} on this machine: set the device to cpu", "bad_parameter")
    return device


def be_quiet() -> None:
    """Keep the transformers library's progress bars and advice to developers out of the log."""
    messages: Any = importlib.import_module("transformers.utils.logging")
    messages.set_verbosity_error()
    messages.disable_progress_bar()


def set_chance(seed: int | None) -> None:
    """What the models of this process draw from by themselves: the same again with a seed, another without."""
    import torch

    if seed is None:
        torch.seed()
    else:
        torch.manual_seed(seed)


@contextmanager
def running(threads: int) -> Iterator[None]:
    """A run of a model in this thread, on so many cores."""
    import torch

    torch.set_num_threads(threads)
    # Not inference_mode: what a model keeps from such a run can neither be moved nor used outside of one.
    with torch.no_grad():
        yield
