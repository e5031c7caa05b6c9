"""Looks at the GPUs from time to time and tells everyone what changed."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from ...events import EventBus, Gpu, GpusRead
from .gpus import NOT_ANSWERING, Gpus

_LOGGER = logging.getLogger(__name__)

Shares = Callable[[], Mapping[int, Mapping[str, int]]]
"""Bytes on a GPU of each model, by the id of the process that it is in."""


class GpuMonitor:
    """Reads the GPUs in a thread and publishes a `GpusRead` when something that matters changed."""

    def __init__(
        self,
        gpus: Gpus,
        bus: EventBus,
        interval: float,
        shares: Shares = dict,
        *,
        look_again: float = 60.0,
        publish_again: float = 60.0,
        patience: float = 10.0,
    ) -> None:
        """Read every `interval` seconds, 0 for never; all times are in seconds.

        Without a GPU it looks again after `look_again`; readings that do not change are published again after
        `publish_again`. A driver that does not answer within `patience` is told of as a problem.
        """
        self.latest: GpusRead | None = None
        self._gpus = gpus
        self._bus = bus
        self._interval = interval
        self._shares = shares
        self._look_again = look_again
        self._publish_again = publish_again
        self._patience = patience
        self._published: GpusRead | None = None
        self._published_at = 0.0
        self._reading: asyncio.Future[GpusRead] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to read."""
        if self._interval > 0 and self._task is None:
            self._task = asyncio.create_task(self._run(), name="read GPUs")

    async def stop(self) -> None:
        """End at once; a reading that hangs in the driver is left behind."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def read(self) -> GpusRead:
        """Read now, for somebody who needs the newest figures; joins a reading that is under way."""
        if self._reading is None:
            self._reading = self._begin()
        reading = self._reading
        done, _ = await asyncio.wait([reading], timeout=self._patience)
        read = reading.result() if done else GpusRead((), NOT_ANSWERING)
        self.latest = read
        self._tell(read)
        return read

    async def _run(self) -> None:
        while True:
            try:
                read = await self.read()
            except Exception:
                _LOGGER.exception("The GPUs cannot be read")
                read = None
            has_gpu = read is not None and read.gpus
            pause = self._interval if has_gpu else max(self._interval, self._look_again)
            if self._reading is None:
                await asyncio.sleep(pause)
            else:
                # A driver that hung is looked at as soon as it is back.
                await asyncio.wait([self._reading], timeout=pause)

    def _begin(self) -> asyncio.Future[GpusRead]:
        """Read in a thread of its own: one that hangs in the driver must not keep the process from ending."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[GpusRead] = loop.create_future()
        shares = self._shares()

        def finish(read: GpusRead | None, error: Exception | None) -> None:
            self._reading = None
            if error is not None:
                future.set_exception(error)
            elif read is not None:
                future.set_result(read)

        def work() -> None:
            outcome: tuple[GpusRead | None, Exception | None]
            try:
                outcome = self._read(shares), None
            except Exception as error:
                outcome = None, error
            # The loop may be gone by the time that a driver answers.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(finish, *outcome)

        threading.Thread(target=work, name="read GPUs", daemon=True).start()
        return future

    def _read(self, shares: Mapping[int, Mapping[str, int]]) -> GpusRead:
        read = self._gpus.read()
        if not read.gpus or not any(shares.values()):
            return read
        processes = self._gpus.process_memory() if len(read.gpus) > 1 else {}
        return replace(read, gpus=tuple(_with_models(gpu, read, processes, shares) for gpu in read.gpus))

    def _tell(self, read: GpusRead) -> None:
        now = time.monotonic()
        is_due = bool(read.gpus) and now - self._published_at >= self._publish_again
        if self._published is None or is_due or _differs(self._published, read):
            self._published, self._published_at = read, now
            self._bus.publish(read)


def _with_models(
    gpu: Gpu, read: GpusRead, processes: Mapping[str, Mapping[int, int]], shares: Mapping[int, Mapping[str, int]]
) -> Gpu:
    """The GPU with the models of the processes that use it."""
    # With one GPU there is nothing to find out, and inside a container the driver may not name our processes.
    pids = shares if len(read.gpus) == 1 else processes.get(gpu.uuid, {}).keys() & shares.keys()
    models: dict[str, int] = {}
    for pid in pids:
        for model, size in shares[pid].items():
            if size:
                models[model] = models.get(model, 0) + size
    return replace(gpu, models=models)


def _differs(old: GpusRead, new: GpusRead) -> bool:
    """Whether something changed that matters to somebody who looks on."""
    if old.problem != new.problem or len(old.gpus) != len(new.gpus):
        return True
    return any(_gpu_differs(*pair) for pair in zip(old.gpus, new.gpus, strict=True))


def _gpu_differs(old: Gpu, new: Gpu) -> bool:
    if (old.index, old.uuid, old.name, old.memory_total) != (new.index, new.uuid, new.name, new.memory_total):
        return True
    if old.models.keys() != new.models.keys():
        return True
    one_per_cent = new.memory_total / 100
    return (
        abs(new.memory_used - old.memory_used) > one_per_cent
        or any(abs(new.models[model] - old.models[model]) > one_per_cent for model in new.models)
        or _moved(old.utilisation, new.utilisation, 5)
        or _moved(old.temperature, new.temperature, 1)
        or _moved(old.power, new.power, 5)
    )


def _moved(old: float | None, new: float | None, step: float) -> bool:
    if old is None or new is None:
        return old is not new
    return abs(new - old) >= step
