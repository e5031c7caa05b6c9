"""NVIDIA GPUs, as their driver tells of them."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ...events import Gpu, GpusRead
from ..memory.host import read_host_memory
from .selection import GpuSelection

_LIBRARY = "libnvidia-ml.so.1"
_KERNEL_DRIVER = Path("/proc/driver/nvidia/version")

_PATIENCE = 5.0
"""Seconds to wait for another thread's reading."""

_RENEW_AFTER = 60.0
"""Seconds until the driver is asked anew for GPUs when one of several is gone."""

_NO_LIBRARY = (
    "There is no NVIDIA driver, so speech runs on the processor; to use an NVIDIA GPU install its driver, "
    "and start a container with `--gpus all`"
)
_HALF_A_DRIVER = (
    "The NVIDIA driver runs but its library is not here; start a container with `--gpus all` and "
    "NVIDIA_DRIVER_CAPABILITIES=compute,utility, or else install the driver again"
)
_NO_DEVICE = "The NVIDIA driver finds no GPU; look whether it is plugged in, powered and given to this container"
_HIDDEN = "CUDA_VISIBLE_DEVICES hides every GPU from this service; unset it to use them"
NOT_ANSWERING = "The NVIDIA driver does not answer; restart the machine if it goes on"


class _Unusable(Exception):
    """There is no GPU to be had; the text says why and what to do."""


def load_nvml() -> Any:
    """The driver's management library; OSError where there is none.

    Its binding takes 3 MB and 15 ms, so it is imported only where it has something to bind.
    """
    if sys.platform != "win32":
        ctypes.CDLL(_LIBRARY)
    import pynvml

    return pynvml


class Gpus:
    """The GPUs that this service may use. For threads: a reading takes milliseconds, and longer in a bad driver.

    Never raises: what keeps GPUs from being used is told in a reading, and looked at anew in the next.
    """

    def __init__(
        self, only: Sequence[int] = (), visible: str | None = None, load: Callable[[], Any] = load_nvml
    ) -> None:
        """`only` are numbers as `nvidia-smi` counts them; `visible` is CUDA_VISIBLE_DEVICES, by default this process's.

        A reading finds the driver by `load`.
        """
        self._selection = GpuSelection(only, os.environ.get("CUDA_VISIBLE_DEVICES") if visible is None else visible)
        self._load = load
        self._lock = threading.Lock()
        self._nvml: Any = None
        self._opened_at = 0.0
        self.driver: str | None = None
        """The driver's version, once there was a reading."""

    def read(self) -> GpusRead:
        """How the GPUs are now."""
        try:
            with self._open() as nvml:
                problems: list[str] = []
                handles = list(self._handles(nvml, problems))
                gpus = [gpu for handle in handles if (gpu := _read(nvml, *handle, problems))]
                if problems:
                    self._renew(everything_failed=not gpus)
                return GpusRead(tuple(gpus), problems[0] if problems else None)
        except _Unusable as reason:
            return GpusRead((), str(reason))

    def process_memory(self) -> dict[str, dict[int, int]]:
        """Bytes by process id for each GPU's uuid; a process whose memory the driver does not tell is left out.

        Inside a container the driver may name no process, or name them as the host does.
        """
        found: dict[str, dict[int, int]] = {}
        with suppress(_Unusable), self._open() as nvml:
            for _, uuid, handle in self._handles(nvml, []):
                with suppress(nvml.NVMLError, nvml.NVMLLibraryMismatchError):
                    processes = nvml.nvmlDeviceGetComputeRunningProcesses(handle)
                    found[uuid] = {p.pid: p.usedGpuMemory for p in processes if p.usedGpuMemory is not None}
        return found

    def close(self) -> None:
        """Let go of the driver; the next reading opens it again."""
        # Whoever hangs in the driver still holds the lock and is not waited for.
        if self._lock.acquire(blocking=False):
            try:
                self._shut()
            finally:
                self._lock.release()

    @contextmanager
    def _open(self) -> Iterator[Any]:
        if self._selection.hides_all:
            raise _Unusable(_HIDDEN)
        if not self._lock.acquire(timeout=_PATIENCE):
            raise _Unusable(NOT_ANSWERING)
        try:
            yield self._nvml or self._connect()
        finally:
            self._lock.release()

    def _connect(self) -> Any:
        try:
            nvml = self._load()
        except OSError:
            raise _Unusable(_HALF_A_DRIVER if _KERNEL_DRIVER.exists() else _NO_LIBRARY) from None
        try:
            nvml.nvmlInit()
        except nvml.NVMLError as error:
            raise _Unusable(_sentence(nvml, error)) from None
        self._nvml, self._opened_at = nvml, time.monotonic()
        with suppress(nvml.NVMLError):
            self.driver = nvml.nvmlSystemGetDriverVersion()
        return nvml

    def _renew(self, *, everything_failed: bool) -> None:
        """Have the next reading open the driver again: a driver that was restarted knows nothing of who opened it."""
        if everything_failed or time.monotonic() - self._opened_at > _RENEW_AFTER:
            self._shut()

    def _shut(self) -> None:
        nvml, self._nvml = self._nvml, None
        if nvml is not None:
            with suppress(nvml.NVMLError):
                nvml.nvmlShutdown()

    def _handles(self, nvml: Any, problems: list[str]) -> Iterator[tuple[int, str, Any]]:
        """Index, uuid and handle of each GPU that may be used."""
        try:
            count = nvml.nvmlDeviceGetCount()
        except nvml.NVMLError as error:
            problems.append(_sentence(nvml, error))
            return
        if not count:
            problems.append(_NO_DEVICE)
            return
        uuids: dict[int, str] = {}
        handles: dict[int, Any] = {}
        failed: dict[int, str] = {}
        for index in range(count):
            try:
                handles[index] = nvml.nvmlDeviceGetHandleByIndex(index)
                uuids[index] = nvml.nvmlDeviceGetUUID(handles[index])
            except nvml.NVMLError as error:
                failed[index] = _sentence(nvml, error, index)
        wanted = self._selection.indexes(count, uuids, lambda name: _parent(nvml, name))
        if not wanted:
            problems.append(f"The settings leave none of the machine's {count} GPUs; look at models.gpus")
        problems += [failed[index] for index in wanted if index in failed]
        yield from ((index, uuids[index], handles[index]) for index in wanted if index in uuids)


def _parent(nvml: Any, name: str) -> str | None:
    """The uuid of the GPU that a slice is of."""
    with suppress(nvml.NVMLError):
        handle = nvml.nvmlDeviceGetHandleByUUID(name)
        uuid: str = nvml.nvmlDeviceGetUUID(nvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(handle))
        return uuid
    return None


def _read(nvml: Any, index: int, uuid: str, handle: Any, problems: list[str]) -> Gpu | None:
    def ask(function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return function(handle, *arguments)
        except nvml.NVMLError:
            return None

    try:
        total, used = _memory(nvml, handle)
    except nvml.NVMLError as error:
        problems.append(_sentence(nvml, error, index))
        return None
    rates, power = ask(nvml.nvmlDeviceGetUtilizationRates), ask(nvml.nvmlDeviceGetPowerUsage)
    return Gpu(
        index=index,
        uuid=uuid,
        name=ask(nvml.nvmlDeviceGetName) or "NVIDIA GPU",
        memory_total=total,
        memory_used=used,
        utilisation=None if rates is None else rates.gpu,
        temperature=ask(nvml.nvmlDeviceGetTemperature, nvml.NVML_TEMPERATURE_GPU),
        power=None if power is None else power / 1000,
    )


def _memory(nvml: Any, handle: Any) -> tuple[int, int]:
    """Total and used bytes."""
    try:
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    except nvml.NVMLError_NotSupported:
        # A GPU without memory of its own, as in a Jetson or a DGX Spark, uses the machine's.
        host = read_host_memory()
        return host.total, host.total - host.available
    return memory.total, memory.used


def _sentence(nvml: Any, error: Any, index: int | None = None) -> str:
    """What went wrong and what to do about it."""
    gpu = "The GPU" if index is None else f"GPU {index}"
    sentences = {
        nvml.NVML_ERROR_LIBRARY_NOT_FOUND: _NO_LIBRARY,
        nvml.NVML_ERROR_DRIVER_NOT_LOADED: "The NVIDIA driver is installed but not loaded; load it with "
        "`modprobe nvidia` or restart the machine",
        nvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH: "The NVIDIA driver and its library are of different versions, as "
        "after an update; restart the machine, or this service if the driver was loaded again already",
        nvml.NVML_ERROR_NO_PERMISSION: "This user may not use the NVIDIA driver; give it access to /dev/nvidia*, "
        "often by the groups video and render",
        nvml.NVML_ERROR_GPU_IS_LOST: f"{gpu} fell off the bus; restart the machine, and look at its power supply, "
        "cooling and slot if that comes again",
        nvml.NVML_ERROR_RESET_REQUIRED: f"{gpu} has failed and needs a reset; restart the machine",
    }
    which = "" if index is None else f" on GPU {index}"
    return sentences.get(error.value, f"The NVIDIA driver fails{which} ({error}); look at it with `nvidia-smi`")
