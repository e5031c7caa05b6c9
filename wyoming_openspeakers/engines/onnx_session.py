"""An onnxruntime session whose runs end at once when their request is cancelled."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .base import EngineError, ModelSpec
from .control import CancelFlag, Cancelled

MAX_THREADS = 4
"""More threads cost more in waiting for each other than they save in these small models."""

ERRORS_ONLY = 3
NOTHING_BUT_FATAL = 4

Tensor = np.ndarray[Any, np.dtype[Any]]


def threads(spec: ModelSpec) -> int:
    """How many processor threads a run may use."""
    return spec.threads or min(MAX_THREADS, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)


def on_processor(name: str, device: str) -> None:
    """Refuse a device that an engine cannot use."""
    if device not in ("cpu", "auto", ""):
        raise EngineError(f"{name} runs on the processor, not on {device}: set its device to cpu", "bad_parameter")


class OnnxSession:
    """A model in memory, run from one thread or several.

    `tidy` gives back after each run what the run needed: for models that need much and run long.
    """

    def __init__(self, model: Path | bytes, thread_count: int, tidy: bool = False) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = thread_count
        options.inter_op_num_threads = 1
        options.log_severity_level = ERRORS_ONLY
        # Threads that wait busily from one operator to the next save a tenth on a machine with nothing else to do, and
        # cost a third on one where Home Assistant wants the same cores. A short wait has most of the one and little of
        # the other.
        options.add_session_config_entry("session.intra_op.spin_duration_us", "50")
        options.add_session_config_entry("session.force_spinning_stop", "1")
        source = model if isinstance(model, bytes) else str(model)
        try:
            self.native = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            name = "The model" if isinstance(model, bytes) else str(model)
            raise EngineError(f"{name} cannot be loaded: {error}", "model_missing") from error
        self._tidy = tidy
        self.inputs: tuple[str, ...] = tuple(item.name for item in self.native.get_inputs())
        self.outputs: tuple[str, ...] = tuple(item.name for item in self.native.get_outputs())

    def run(self, feeds: Mapping[str, Tensor], cancel: CancelFlag) -> list[Tensor]:
        """Run the model for all of its outputs."""
        return run(self.native, self.outputs, feeds, cancel, self._tidy)


def run(
    session: Any, outputs: Sequence[str], feeds: Mapping[str, Tensor], cancel: CancelFlag, tidy: bool = False
) -> list[Tensor]:
    """Run an onnxruntime session; raises Cancelled within milliseconds when the flag is set."""
    import onnxruntime

    if cancel:
        raise Cancelled
    options = onnxruntime.RunOptions()
    options.log_severity_level = NOTHING_BUT_FATAL
    if tidy:
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    forget = cancel.on_set(partial(setattr, options, "terminate", True))
    try:
        results: list[Tensor] = session.run(outputs, feeds, options)
    except Exception as error:
        if cancel:
            raise Cancelled from None
        raise EngineError(f"The model failed: {error}") from error
    finally:
        forget()
    return results
