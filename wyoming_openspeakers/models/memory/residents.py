"""Models in memory: whoever wants one gets it, and what nobody needs or what is too much goes."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Literal

from ...config import Config
from ...config.values import parse_keep_alive
from ...errors import ShuttingDown, SpeechError, Timeout
from ...events import EventBus, GpusRead, ModelState, ModelStateChanged
from ..defaults import Defaults
from ..registry import Registry
from ..workers.process import WorkerProcess
from .devices import Device, Need
from .ledger import HOST, Ledger
from .loader import Loader
from .measured import Measured
from .places import Places
from .residency import BETWEEN_SENTENCES, Residency, Space

_LOGGER = logging.getLogger(__name__)

_HEADROOM = 0.05
"""The part of each budget that is left for what speaking takes."""

_Settled = asyncio.Future[SpeechError | None]


class Residents:
    """All models that are in memory, or on their way."""

    def __init__(
        self,
        registry: Registry,
        config: Config,
        bus: EventBus,
        places: Places,
        measured: Measured,
        defaults: Defaults,
    ) -> None:
        self._registry = registry
        self._config = config
        self._defaults = defaults
        self._places = places
        self._measured = measured
        self._bus = bus
        self._ledger = Ledger(places.budgets, _HEADROOM)
        self._residency = Residency(self._ledger, places.choose, self._on_refused)
        patience = config.limits.model_load
        self._loader = Loader(registry, places, self._ledger, self._residency, measured, bus, patience)
        self._loader.on_change = self._step
        self._loader.on_lost = self._on_lost
        self.workers = self._loader.workers
        self._kept: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = False

    def state(self, model: str) -> ModelState:
        """Where a model is."""
        return self._ledger.state(model)

    def is_used(self, model: str) -> bool:
        """Whether somebody uses a model at this moment."""
        return model in self._ledger and self._ledger[model].users > 0

    def memory(self, model: str) -> dict[str, int]:
        """Bytes that a model takes now, by the place where it takes them."""
        return dict(self._ledger.held(model))

    def place(self, model: str) -> str | None:
        """The device that a model is on, or was when it was parked; None where it is in no memory."""
        return self._ledger[model].pool if self._ledger.state(model) != "cold" else None

    def remaining(self, model: str) -> float | None:
        """Seconds until a model that nobody uses goes; None when nothing says that it will."""
        if model not in self._ledger:
            return None
        record = self._ledger[model]
        if not record.is_there or record.users or math.isinf(record.expires_at):
            return None
        return max(0.0, record.expires_at - time.monotonic())

    def need(self, model: str) -> Need:
        """What a model takes, as it was measured or is expected; reads the sizes of files, so it is for a thread."""
        return self._places.need(model)

    def can_hold(self, model: str) -> bool:
        """Whether a model could be in memory if all others went; may read the sizes of files, so it is for a thread."""
        budgets = {pool: self._ledger.usable(pool) for pool in self._places.budgets}
        return self._places.can_hold(model, {pool: Space(size, size, 0) for pool, size in budgets.items()})

    def check(self, model: str) -> None:
        """Raise when a model cannot be there soon, because its process keeps ending."""
        if model in self._ledger and not self._ledger[model].is_there:
            self._loader.check(model)

    @property
    def devices(self) -> Mapping[str, Device]:
        """The places to run on this machine, by name."""
        return self._places.devices

    def pools(self) -> dict[str, dict[str, int]]:
        """What each place may hold, and what it holds."""
        return {pool: {"budget": size, "used": self._ledger.used(pool)} for pool, size in self._places.budgets.items()}

    def shares(self) -> dict[int, dict[str, int]]:
        """Bytes on a GPU of each model, by the id of the process that has it."""
        shares: dict[int, dict[str, int]] = {}
        for model in self._ledger:
            process = self.workers.get(model.process)
            if process and model.pool != HOST:
                shares.setdefault(process.pid, {})[model.name] = model.held.get(model.pool, 0)
        return shares

    def see_gpus(self, read: GpusRead) -> None:
        """Leave memory of the GPUs to other programs that use it."""
        for gpu in read.gpus:
            pool = f"cuda:{gpu.index}"
            is_at_rest = all(model.is_there for model in self._ledger if model.pool == pool and model.state != "cold")
            if pool in self._places.budgets and is_at_rest:
                self._places.make_room_for_others(pool, max(0, gpu.memory_used - self._ledger.used(pool)))
        self._step()

    def keep(self, models: Iterable[str]) -> None:
        """Load models in the background, and again when their process ends.

        Being idle is no reason for them to go, unless whoever used them last has said so.
        """
        for model in models:
            self._registry.entry(model)
            self._kept.add(model)
            self._load_soon(model)

    @asynccontextmanager
    async def using(
        self,
        model: str,
        urgency: Callable[[], int] = lambda: 0,
        patience: float = math.inf,
        keep_alive: float | str | None = None,
    ) -> AsyncIterator[WorkerProcess]:
        """Have a model, loaded where it is not, for as long as the context lasts.

        `patience` bounds the wait for a place, in seconds; loading has a bound of its own.
        """
        if self._stopping:
            raise ShuttingDown("The service is stopping")
        stay = self._stay(model, keep_alive)
        await self._declare(model)
        if patience < math.inf:
            self._loader.check(model)
        if self._stopping:
            raise ShuttingDown("The service is stopping")
        settled: _Settled = asyncio.get_running_loop().create_future()
        want = self._residency.want(model, urgency, settled.set_result)
        self._step()
        try:
            await self._wait(model, settled, patience)
        except BaseException:
            self._residency.forget(want)
            if settled.done() and settled.result() is None:
                # It came in the same moment; nobody is there to use it.
                self._leave(model, stay)
            else:
                # Others may have waited behind it.
                self._step()
            raise
        if error := settled.result():
            raise error
        try:
            yield self._loader.process(model)
        finally:
            self._leave(model, stay)

    async def send_away(self, model: str, to: Literal["cold", "parked"]) -> None:
        """Unload or park a model when those who wait for it now have used it, and wait until that is done."""
        self._registry.entry(model)
        self._kept.discard(model)
        if self._ledger.state(model) in ("cold", to):
            return
        record = self._ledger[model]
        self._residency.send_away(model, to)
        self._step()
        while (record.leaving or record.is_going) and not self._stopping:
            await self._changed.wait()

    def renew(self, model: str) -> None:
        """Have a model loaded anew as soon as nobody uses it."""
        self._residency.send_away(model, "cold")
        self._load_soon(model)

    async def stop(self) -> None:
        """End all workers."""
        self._stopping = True
        self._changed.set()
        if self._timer:
            self._timer.cancel()
        for want in self._residency.wants:
            self._residency.forget(want)
            want.on_settled(ShuttingDown("The service is stopping"))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._loader.stop()
        await asyncio.to_thread(self._measured.save)

    async def _declare(self, model: str) -> None:
        """Have a model in the books."""
        entry = self._registry.entry(model)
        if self._ledger.state(model) == "cold":
            await asyncio.to_thread(self._places.estimate, model)
        self._ledger.declare(model, standby=entry.standby)
        if entry.standby:
            self._kept.add(model)

    async def _wait(self, model: str, settled: _Settled, patience: float) -> None:
        timeout = None if math.isinf(patience) else patience
        while not settled.done():
            done, _ = await asyncio.wait([settled], timeout=timeout)
            if not done and self._ledger.state(model) != "loading":
                raise Timeout(f"No room for {model} came within {patience:g} s; the service has too much to do")

    def _stay(self, model: str, keep_alive: float | str | None) -> float:
        """Seconds that a model shall stay after a use."""
        if keep_alive is None:
            keep_alive = self._registry.entry(model).keep_alive
        if keep_alive is None:
            keep_alive = -1 if model in self._kept else self._defaults.keep_alive
        return max(parse_keep_alive(keep_alive), BETWEEN_SENTENCES)

    def _leave(self, model: str, stay: float) -> None:
        self._residency.leave(model, time.monotonic(), stay)
        self._step()

    def _load_soon(self, model: str) -> None:
        self._start(self._load(model))

    async def _load(self, model: str) -> None:
        try:
            async with self.using(model):
                pass
        except SpeechError:
            # It was logged and told to everyone where it happened.
            return

    def _on_refused(self, model: str, error: SpeechError) -> None:
        _LOGGER.error("%s", error)
        self._bus.publish(ModelStateChanged(model, "failed", str(error)))

    def _on_lost(self, model: str) -> None:
        if model in self._kept and not self._stopping:
            self._load_soon(model)

    def _step(self) -> None:
        """Do what is to be done now, and come back when the next thing is due."""
        self._changed.set()
        self._changed.clear()
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._stopping:
            return
        now = time.monotonic()
        for step in self._residency.step(now):
            self._start(self._loader.begin(step))
        if not math.isinf(self._residency.wakes_at):
            wait = max(0.0, self._residency.wakes_at - now)
            self._timer = asyncio.get_running_loop().call_later(wait, self._step)

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
