"""The worker processes that run: each is started once, and not too often when it keeps ending."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from ...errors import SynthesisFailed
from .process import WorkerProcess

_LOGGER = logging.getLogger(__name__)
_LONGEST_BACK_OFF = 30.0

_WORTH_WAITING = 3.0
"""Seconds until a worker may start again that a request waits for; longer, and it is told so at once."""

OnExit = Callable[[WorkerProcess, str], None]


class WorkerPool:
    """Processes by name."""

    def __init__(self, on_exit: OnExit, on_memory: Callable[[WorkerProcess], None]) -> None:
        self._on_exit = on_exit
        self._on_memory = on_memory
        self._processes: dict[str, WorkerProcess] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._crashes: dict[str, int] = {}
        self._start_after: dict[str, float] = {}

    def running(self) -> tuple[WorkerProcess, ...]:
        """The processes that run now."""
        return tuple(self._processes.values())

    def get(self, name: str) -> WorkerProcess | None:
        """The process of this name, if it runs."""
        return self._processes.get(name)

    async def process(self, name: str, python: str, environment: Mapping[str, str]) -> WorkerProcess:
        """The process of this name; it is started where it does not run."""
        async with self._locks.setdefault(name, asyncio.Lock()):
            if process := self._processes.get(name):
                return process
            await asyncio.sleep(self._back_off(name))
            process = WorkerProcess(name, self._ended, python, environment=environment, on_memory=self._on_memory)
            try:
                await process.start()
            except OSError as error:
                raise SynthesisFailed(f"The process {name} cannot be started: {error.strerror or error}") from None
            if not process.exited.is_set():
                self._processes[name] = process
            return process

    def check(self, name: str) -> None:
        """Raise when a process will not run soon, for somebody who does not want to wait until then."""
        if name not in self._processes and (delay := self._back_off(name)) > _WORTH_WAITING:
            raise SynthesisFailed(f"The process {name} keeps ending; it may start again in {delay:.0f} s, try then")

    def works(self, process: WorkerProcess) -> None:
        """Say that a process has done what it is for: what it did wrong before is forgotten."""
        self._crashes.pop(process.name, None)

    async def stop(self, name: str) -> None:
        """End a process in good order; who asks for it meanwhile gets a new one."""
        async with self._locks.setdefault(name, asyncio.Lock()):
            if process := self._processes.get(name):
                await process.stop()

    async def stop_all(self) -> None:
        """End all processes."""
        await asyncio.gather(*(process.stop() for process in self.running()))

    def _back_off(self, name: str) -> float:
        """Seconds until a process may start."""
        return max(0.0, self._start_after.get(name, 0.0) - time.monotonic())

    def _ended(self, process: WorkerProcess, reason: str) -> None:
        if self._processes.get(process.name) is process:
            del self._processes[process.name]
        if not process.is_stopping:
            crashes = self._crashes[process.name] = self._crashes.get(process.name, 0) + 1
            # The first restart is at once: a listener may be waiting. Only what goes on crashing is slowed down.
            delay = min(0.5 * 2 ** (crashes - 2), _LONGEST_BACK_OFF) if crashes > 1 else 0.0
            self._start_after[process.name] = time.monotonic() + delay
            _LOGGER.warning("Worker %s ended (%s); it may start again in %.1f s", process.name, reason, delay)
        self._on_exit(process, reason)
