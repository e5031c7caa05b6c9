"""A manager of models that fail on command, in real processes, and all that it tells."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from wyoming_openspeakers.config import load_config
from wyoming_openspeakers.events import Event, EventBus, Gpu, GpusRead, ModelStateChanged, WorkerExited
from wyoming_openspeakers.models.environments.environments import Environments
from wyoming_openspeakers.models.gpu.gpus import Gpus
from wyoming_openspeakers.models.manager import ModelManager, Turn
from wyoming_openspeakers.models.profiles.profile import Profile
from wyoming_openspeakers.models.queue import Urgency
from wyoming_openspeakers.models.registry import Registry, RegistryFile
from wyoming_openspeakers.models.workers.process import WorkerProcess
from wyoming_openspeakers.worker.protocol import Speak

MEGABYTE = 1_000_000


class Own(Environments):
    """Every environment is this process's own."""

    def python(self, name: str) -> Path | None:
        return Path(sys.executable)

    def packages_path(self, name: str) -> Path | None:
        return None


class SeemingGpus(Gpus):
    """GPUs that this machine does not have; engines only count what they would take there."""

    def __init__(self, *megabytes: int) -> None:
        super().__init__()
        self._megabytes = megabytes

    def read(self) -> GpusRead:
        return GpusRead(
            tuple(Gpu(n, f"GPU-{n}", "Seeming", size * MEGABYTE, 0) for n, size in enumerate(self._megabytes))
        )


class Managed:
    """A manager, and what it told so far."""

    def __init__(
        self,
        data: Path,
        models: dict[str, dict[str, Any]],
        flags: dict[str, Any],
        gpus: tuple[int, ...] = (),
        profiles: Sequence[Profile] = (),
    ) -> None:
        models = models or {"fault": {}}
        entries = {name: {"engine": "faults.engine", "voice": "plain", **entry} for name, entry in models.items()}
        registry = Registry(RegistryFile.model_validate({"models": entries}), [data], data, environments=Own(data))
        self.bus = EventBus()
        self.events: list[Event] = []
        self.bus.subscribe(self.events.append)
        config = load_config(flags={"data_dir": str(data), **flags})
        self.manager = ModelManager(registry, config, self.bus, SeemingGpus(*gpus), lambda: tuple(profiles))

    async def speak(
        self,
        text: str,
        model: str = "fault",
        client: str = "",
        urgency: Urgency = Urgency.INTERACTIVE,
        keep_alive: float | str | None = None,
    ) -> float:
        """Speak, and tell how many seconds of audio came."""
        speak = Speak(0, model, text, "plain", client=client, urgency=int(urgency))
        turn = Turn(client, urgency, job=client, keep_alive=keep_alive)
        async with aclosing(self.manager.speak(speak, turn)) as chunks:
            return sum([len(audio.samples) / audio.rate async for audio in chunks])

    def states(self, model: str = "fault") -> list[str]:
        """The states that were told of a model."""
        return [e.state for e in self.events if isinstance(e, ModelStateChanged) and e.model == model]

    def where(self, *models: str) -> dict[str, str]:
        """Where models are now."""
        return {model: self.manager.state(model) for model in models}

    def exits(self) -> list[WorkerExited]:
        """The workers that ended."""
        return [event for event in self.events if isinstance(event, WorkerExited)]

    @property
    def worker(self) -> WorkerProcess:
        """The only worker."""
        (worker,) = self.manager.workers()
        return worker

    def kill(self) -> int:
        """Kill the only worker; its process id."""
        pid = self.worker.pid
        os.kill(pid, signal.SIGKILL)
        return pid


Manage = Callable[..., Managed]


async def until(condition: Callable[[], bool], patience: float = 5) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        await asyncio.sleep(0.005)
