"""The machine and the service as such: what it runs on, who waits, how it is set."""

from __future__ import annotations

import asyncio
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, Field

from .... import __version__
from ....events import ModelState
from ....models.memory.host import read_host_memory
from ..api import Call, Operation
from ..parts import Parts
from .compute import compute_device
from .fronts import FrontsInfo

_TAG = "System"


class Memory(BaseModel):
    """Bytes of host memory."""

    total: int = Field(description="What there is for this service.")
    available: int


class Pool(BaseModel):
    """What models may take of a device, and what they take."""

    budget: int
    used: int


class Worker(BaseModel):
    """A process that has models."""

    name: str
    pid: int
    busy: int = Field(description="Sentences in work.")


class SystemInfo(BaseModel):
    """The machine, and the service on it."""

    name: str
    version: str
    python: str
    platform: str
    machine: str
    cores: int = Field(description="Processor cores that the service may use.")
    device: str = Field(description="The best that models can run on here: cpu, mps, cuda:0 (its name).")
    memory: Memory
    pools: dict[str, Pool]
    uptime: float = Field(description="Seconds since the side server was started.")
    addresses: list[str] = Field(description="Where the service listens.")
    data_folder: str
    workers: list[Worker]


class GpuInfo(BaseModel):
    """A GPU; null for what its driver does not tell."""

    index: int
    uuid: str
    name: str
    memory_total: int
    memory_used: int
    utilisation: int | None = Field(description="Per cent.")
    temperature: int | None = Field(description="Degrees Celsius.")
    power: float | None = Field(description="Watts.")
    models: dict[str, int] = Field(description="Bytes of each model.")


class GpuList(BaseModel):
    """The GPUs."""

    gpus: list[GpuInfo]
    problem: str | None = Field(description="Why there is none, and what to do about it.")


class WaitingInfo(BaseModel):
    """A sentence that waits for its turn."""

    position: int = Field(description="How many go first.")
    client: str
    urgency: str = Field(description="interactive, job or batch.")
    job: str = Field(description="The request that it is a part of.")


class QueueInfo(BaseModel):
    """Who waits for a model."""

    model: str
    status: ModelState
    waiting: list[WaitingInfo]


class QueueList(BaseModel):
    """Who waits."""

    waiting: int = Field(description="How many sentences wait, for all models.")
    models: list[QueueInfo] = Field(description="The models that somebody waits for.")


class SystemRoutes:
    """Tells of the machine and the service."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._began = time.monotonic()

    def operations(self) -> Sequence[Operation]:
        """What can be asked about them."""
        return (
            Operation(
                "GET", "/api/system/info", self._info, "What the service runs on, and where", _TAG, answer=SystemInfo
            ),
            Operation("GET", "/api/system/gpu", self._gpus, "The GPUs as they are now", _TAG, answer=GpuList),
            Operation(
                "GET",
                "/api/system/fronts",
                self._fronts,
                "How each way into the service is",
                _TAG,
                "Who is connected by Wyoming, whether the MQTT broker is there, and what others on the network see.",
                answer=FrontsInfo,
            ),
            Operation("GET", "/api/system/queue", self._queue, "Who waits for which model", _TAG, answer=QueueList),
            Operation(
                "GET",
                "/api/system/config",
                self._config,
                "How the service is set",
                _TAG,
                "As config.yaml has it, with all defaults. Keys, tokens and passwords are hidden.",
                answer=dict[str, Any],
            ),
        )

    async def _info(self, call: Call[None, None]) -> SystemInfo:
        manager, status = self._parts.manager, self._parts.status()
        return SystemInfo(
            name="wyoming-openspeakers",
            version=__version__,
            python=platform.python_version(),
            platform=platform.platform(),
            machine=platform.machine(),
            cores=_cores(),
            device=compute_device(manager),
            memory=Memory(**asdict(await asyncio.to_thread(read_host_memory))),
            pools={name: Pool(**pool) for name, pool in manager.residents.pools().items()},
            uptime=round(time.monotonic() - self._began, 1),
            addresses=self._addresses(status),
            data_folder=str(self._parts.config.data_path),
            workers=[Worker(name=each.name, pid=each.pid, busy=each.busy) for each in manager.workers()],
        )

    async def _gpus(self, call: Call[None, None]) -> GpuList:
        read = self._parts.manager.gpus
        return GpuList(gpus=[GpuInfo(**asdict(gpu)) for gpu in read.gpus], problem=read.problem)

    async def _fronts(self, call: Call[None, None]) -> FrontsInfo:
        return self._parts.fronts()

    async def _queue(self, call: Call[None, None]) -> QueueList:
        manager = self._parts.manager
        models = [
            QueueInfo(
                model=model,
                status=manager.state(model),
                waiting=[
                    WaitingInfo(position=at, client=each.client, urgency=each.urgency.name.lower(), job=each.job)
                    for at, each in enumerate(order)
                ],
            )
            for model, order in manager.queues().items()
        ]
        return QueueList(waiting=manager.waiting(), models=models)

    async def _config(self, call: Call[None, None]) -> dict[str, Any]:
        return self._parts.config.model_dump(mode="json")

    def _addresses(self, status: Mapping[str, Any]) -> list[str]:
        config = self._parts.config
        return list(status.get("addresses") or (*config.wyoming.uris, f"http://{config.http.address}"))


def _cores() -> int:
    """Those that this process may run on, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
