"""Loads, parks and unloads models in worker processes, and keeps the books of what they take there."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager

from ...errors import ModelUnavailable, OutOfMemory, SpeechError, SynthesisFailed, Timeout
from ...events import EventBus, ModelState, ModelStateChanged, WorkerExited
from ...worker.protocol import Memory
from ..registry import SERVICE, Registry
from ..workers.pool import WorkerPool
from ..workers.process import WorkerGone, WorkerProcess
from .devices import engine_device, worker_variables
from .ledger import HOST, Ledger
from .measured import Measured
from .places import Places
from .residency import Action, Residency, Step

_LOGGER = logging.getLogger(__name__)


class EndedLoading(SynthesisFailed):
    """The process ended while it loaded a model."""


class Loader:
    """Carries out the steps that residency decides on, and tells it how each went."""

    def __init__(
        self,
        registry: Registry,
        places: Places,
        ledger: Ledger,
        residency: Residency,
        measured: Measured,
        bus: EventBus,
        patience: float,
    ) -> None:
        self._registry = registry
        self._places = places
        self._ledger = ledger
        self._residency = residency
        self._measured = measured
        self._bus = bus
        self._patience = patience
        self.workers = WorkerPool(self._on_exit, self._on_memory)
        self._processes: dict[str, WorkerProcess] = {}
        self._is_stopping = False
        self.on_change: Callable[[], None] = lambda: None
        """Called when something ended that residency may have waited for."""
        self.on_lost: Callable[[str], None] = lambda model: None
        """Called with each model whose process ended unasked."""
        self._actions: Mapping[Action, tuple[ModelState, Callable[[str, str], Awaitable[None]]]] = {
            Action.LOAD: ("loading", self._load),
            Action.UNPARK: ("loading", self._unpark),
            Action.PARK: ("parking", self._park),
            Action.UNLOAD: ("unloading", self._unload),
        }

    def process(self, model: str) -> WorkerProcess:
        """The process that has a model."""
        if process := self._processes.get(model):
            return process
        raise WorkerGone(f"The process of {model} ended right after it was loaded")

    def check(self, model: str) -> None:
        """Raise when a model cannot be there soon."""
        self.workers.check(self._process_name(model, self._ledger[model].pool))

    def begin(self, step: Step) -> Awaitable[None]:
        """Put a step into the books; what is returned carries it out and raises nothing."""
        state, action = self._actions[step.action]
        if step.action is Action.LOAD:
            process = self._process_name(step.model, step.pool)
            self._ledger.began(step.model, process)
            if not self._ledger.overhead(process, HOST):
                self._ledger.set_overhead(process, HOST, self._places.process_size(step.model, process))
        self._tell(step.model, state, step.pool)
        return action(step.model, step.pool)

    async def stop(self) -> None:
        """End all workers."""
        self._is_stopping = True
        await self.workers.stop_all()

    async def _load(self, model: str, pool: str) -> None:
        began = time.monotonic()
        name = self._ledger[model].process
        with self._failing(model):
            if problem := await asyncio.to_thread(self._registry.problem, model):
                raise ModelUnavailable(f"Model {model}: {problem}")
            device = self._places.devices[pool]
            variables = worker_variables(device)
            process, memory = await self._load_in(name, model, variables, engine_device(device))
            self._processes[model] = process
            self._loaded(model, pool, memory, time.monotonic() - began)
        await self._end_empty(name)

    async def _load_in(
        self, name: str, model: str, variables: Mapping[str, str], device: str
    ) -> tuple[WorkerProcess, Memory]:
        """Load a model in a process; where that one ran already and was about to end, in the next."""
        spec = self._registry.spec(model)
        was_running = self.workers.get(name)
        process = was_running or await self.workers.process(name, self._registry.python(model), variables)
        try:
            return process, await self._in_time(model, process, lambda: process.load(spec, device))
        except WorkerGone:
            if process is not was_running:
                raise
        fresh = await self.workers.process(name, self._registry.python(model), variables)
        return fresh, await self._in_time(model, fresh, lambda: fresh.load(spec, device))

    async def _unpark(self, model: str, pool: str) -> None:
        began = time.monotonic()
        process = self._processes[model]
        with self._failing(model):
            memory = await self._in_time(model, process, lambda: process.unpark(model))
            self._loaded(model, pool, memory, time.monotonic() - began)
        await self._end_empty(process.name)

    async def _park(self, model: str, pool: str) -> None:
        process = self._processes[model]
        try:
            memory = await self._in_time(model, process, lambda: process.park(model))
        except (WorkerGone, SpeechError) as error:
            # The worker has nothing of it any more; its other models speak on.
            _LOGGER.warning("%s cannot be parked (%s); it is unloaded", model, error)
            self._gone(model, pool)
            await self._end_empty(process.name)
            return
        self._ledger.parked(model, memory.model_host)
        self._measured.note(model, self._places.kind(pool), parked=memory.model_host)
        self._weigh(process, memory)
        self._tell(model, "parked", pool)
        self.on_change()

    async def _unload(self, model: str, pool: str) -> None:
        process = self._processes.pop(model)
        memory: Memory | None = None
        try:
            if self._has_others(process, model):
                memory = await self._in_time(model, process, lambda: process.unload(model))
            # They may have gone meanwhile, too.
            if not self._has_others(process, model):
                memory = None
                await self.workers.stop(process.name)
        except (WorkerGone, SpeechError) as error:
            _LOGGER.warning("%s could not be unloaded (%s); its process is ended", model, error)
            process.kill("it could not unload a model")
            await process.exited.wait()
        self._ledger.gone(model)
        if memory:
            self._weigh(process, memory)
        self._gone(model, pool)

    def _has_others(self, process: WorkerProcess, model: str) -> bool:
        return any(other.name != model for other in self._ledger.companions(process.name))

    async def _end_empty(self, name: str) -> None:
        """End a process that has no model, as when its only one could not be loaded."""
        if self._ledger.companions(name):
            return
        await self.workers.stop(name)
        if not self._ledger.companions(name):
            self._ledger.forget_process(name)
            self.on_change()

    def _loaded(self, model: str, pool: str, memory: Memory, seconds: float) -> None:
        process = self._processes[model]
        if process.exited.is_set():
            raise EndedLoading(f"The process {process.name} ended right after it loaded {model}")
        size = memory.model_host if pool == HOST else memory.model_device
        copy = 0 if pool == HOST else memory.model_host
        self._ledger.loaded(model, time.monotonic(), seconds, size, copy)
        self._measured.note(model, self._places.kind(pool), resident=size)
        self._ledger[model].parked_size = self._places.parked_size(model, pool, size)
        self._weigh(process, memory)
        _LOGGER.info("Loaded %s on %s in %.1f s, %.0f MB", model, pool, seconds, size / 1e6)
        self._tell(model, "resident", pool)
        self.on_change()

    @contextmanager
    def _failing(self, model: str) -> Iterator[None]:
        """Tell everyone who waits for a model that it could not be loaded, and why."""
        error: SpeechError | None = None
        try:
            yield
        except SpeechError as failure:
            error = failure
        except WorkerGone as gone:
            error = EndedLoading(f"{gone}; `wyoming-openspeakers check` may tell why")
        except Exception:
            _LOGGER.exception("Loading %s failed", model)
            error = SynthesisFailed(f"Model {model} could not be loaded; the log tells why")
        if error:
            self._failed(model, error)

    def _failed(self, model: str, error: SpeechError) -> None:
        pool = self._ledger[model].pool
        self._processes.pop(model, None)
        self._residency.failed(model, error)
        if isinstance(error, OutOfMemory) and self._ledger[model].alone:
            _LOGGER.warning("%s; others make room, and it is tried once more", error)
            self._tell(model, "cold", pool)
        else:
            _LOGGER.error("%s", error)
            self._tell(model, "failed", pool, str(error))
            if isinstance(error, EndedLoading):
                self.on_lost(model)
        self.on_change()

    async def _in_time(self, model: str, process: WorkerProcess, work: Callable[[], Awaitable[Memory]]) -> Memory:
        # A worker makes one change at a time: waiting for those before is not this one's fault.
        async with process.changes:
            try:
                async with asyncio.timeout(self._patience):
                    return await work()
            except TimeoutError:
                process.kill("it did not load its model in time")
                await process.exited.wait()
                raise Timeout(
                    f"Model {model} was not loaded within {self._patience:g} s; its process was ended"
                ) from None

    def _process_name(self, model: str, pool: str) -> str:
        environment = self._registry.environment(model)
        name = environment if environment != SERVICE else f"{SERVICE}/{self._registry.entry(model).engine}"
        return name if pool == HOST else f"{name}@{pool}"

    def _gone(self, model: str, pool: str) -> None:
        self._processes.pop(model, None)
        self._ledger.gone(model)
        self._tell(model, "cold", pool)
        self.on_change()

    def _on_exit(self, process: WorkerProcess, reason: str) -> None:
        self._ledger.forget_process(process.name)
        # Those that are on their way are told of by whoever waits for them.
        lost = [model for model in self._ledger.companions(process.name) if model.is_there]
        for model in lost:
            self._processes.pop(model.name, None)
            self._ledger.gone(model.name)
            self._tell(model.name, "cold", model.pool)
        self._bus.publish(WorkerExited(process.name, reason, process.is_stopping))
        if not self._is_stopping:
            for model in lost:
                self.on_lost(model.name)
            self.on_change()

    def _on_memory(self, process: WorkerProcess) -> None:
        if all(model.is_there for model in self._ledger.companions(process.name)):
            self._weigh(process, process.memory)
            self.on_change()

    def _weigh(self, process: WorkerProcess, memory: Memory) -> None:
        """Put into the books what a process takes besides its models.

        A worker loads one model after the other: when it tells what it takes, those that are on their way take nothing.
        """
        companions = self._ledger.companions(process.name)
        pools = {HOST: memory.host, **{model.pool: memory.device for model in companions if model.pool != HOST}}
        for pool, total in pools.items():
            models = sum(model.held.get(pool, 0) for model in companions if model.state != "loading")
            self._ledger.set_overhead(process.name, pool, total - models)
        self._measured.note(f"process:{process.name}", HOST, resident=self._ledger.overhead(process.name, HOST))

    def _tell(self, model: str, state: ModelState, pool: str, error: str | None = None) -> None:
        held = self._ledger.held(model)
        memory = held.get(HOST, 0) if state == "parked" else held.get(pool, 0)
        self._bus.publish(ModelStateChanged(model, state, error, pool, memory))
