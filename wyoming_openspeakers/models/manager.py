"""The model manager: loads models into worker processes and has them speak."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass

from ..config import Config
from ..engines.base import Audio
from ..errors import ModelUnavailable, ShuttingDown, SpeechError, SynthesisFailed, Timeout
from ..events import EventBus, ModelStateChanged, WorkerExited
from ..worker.protocol import Speak
from .queue import TurnQueue, Urgency
from .registry import Registry
from .voices import VoiceCatalog
from .worker_process import SpeakLimits, WorkerGone, WorkerProcess

_LOGGER = logging.getLogger(__name__)
_CATALOG_AGE = 1.0
_LONGEST_LOOK = 0.01
_LONGEST_BACK_OFF = 30.0

_WORTH_WAITING = 3.0
"""Seconds until a worker may start again that a request waits for; longer, and it is told so at once."""


@dataclass(frozen=True)
class Turn:
    """Who asks, and how urgently."""

    client: str = ""
    urgency: Urgency = Urgency.INTERACTIVE


class _EndedLoading(SynthesisFailed):
    """The process ended while it loaded a model."""


class ModelManager:
    """Keeps models ready; one worker process per environment, and per engine in the service's own."""

    def __init__(self, registry: Registry, config: Config, bus: EventBus) -> None:
        self.registry = registry
        self.catalog = VoiceCatalog(registry, config.voice.default, config.voice.by_language)
        self._config = config
        self._bus = bus
        limits = config.limits
        self._limits = SpeakLimits(limits.first_audio, limits.audio_gap, limits.cancel)
        self._queues: dict[str, TurnQueue] = {}
        self._processes: dict[str, WorkerProcess] = {}
        self._loaded: dict[str, WorkerProcess] = {}
        self._loading: dict[str, asyncio.Task[WorkerProcess]] = {}
        self._crashes: dict[str, int] = {}
        self._start_after: dict[str, float] = {}
        self._starting: dict[str, asyncio.Lock] = {}
        self._keep: set[str] = set()
        self._catalog_time = time.monotonic()
        self._looking: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        """Load in the background what shall be ready: models on standby, the default voice's, those in config."""
        self._warn_of_unknown_voices()
        standby = [model for model, entry in self.registry.models.items() if entry.standby]
        try:
            default = [self.catalog.default().model]
        except ModelUnavailable as error:
            _LOGGER.error("%s", error)
            default = []
        self._keep = {*standby, *default, *(model for model in self._config.models.preload)}
        for model in self._keep:
            self.registry.entry(model)
            self._load_soon(model)

    def _warn_of_unknown_voices(self) -> None:
        voice = self._config.voice
        names = {"voice.default": voice.default}
        names.update({f"voice.by_language.{tag}": name for tag, name in voice.by_language.items()})
        for key, name in names.items():
            if name and not self.catalog.find(name):
                _LOGGER.warning("%s: there is no voice %r; another speaks instead", key, name)

    async def stop(self) -> None:
        """End all workers."""
        self._stopping = True
        for task in self._loading.values():
            task.cancel()
        await asyncio.gather(*self._loading.values(), *filter(None, [self._looking]), return_exceptions=True)
        await asyncio.gather(*(process.stop() for process in self._processes.values()))

    async def voices(self, patience: float = _LONGEST_LOOK) -> VoiceCatalog:
        """The catalog of voices, looked up anew when it is a second old.

        Looking takes a few milliseconds; on a machine that is so busy that it takes longer than `patience`, the last
        look is answered and the new one is there the next time.
        """
        if self._looking is None and time.monotonic() - self._catalog_time > _CATALOG_AGE:
            self._looking = asyncio.create_task(self._look(), name="list voices")
        if self._looking:
            await asyncio.wait([self._looking], timeout=patience)
        return self.catalog

    async def _look(self) -> None:
        try:
            voice = self._config.voice
            self.catalog = await asyncio.to_thread(VoiceCatalog, self.registry, voice.default, voice.by_language)
            self._catalog_time = time.monotonic()
        finally:
            self._looking = None

    def state(self, model: str) -> str:
        """cold, loading or resident."""
        if model in self._loaded:
            return "resident"
        return "loading" if model in self._loading else "cold"

    def workers(self) -> Iterable[WorkerProcess]:
        """The processes that run now."""
        return tuple(self._processes.values())

    def waiting(self) -> int:
        """How many segments wait for a turn."""
        return sum(queue.length for queue in self._queues.values())

    async def load(self, model: str) -> None:
        """Have a model ready."""
        await self._ready(model)

    async def speak(self, speak: Speak, turn: Turn) -> AsyncGenerator[Audio, None]:
        """Speak one segment; on a worker that dies before the segment began, once more on the next."""
        queue = self._queues.get(speak.model)
        if queue is None:
            slots = self.registry.engine(speak.model).capabilities.concurrency
            queue = self._queues[speak.model] = TurnQueue(slots, self._config.limits.queue)
        # The wait for a model to load is no wait for a turn.
        await self._ready(speak.model)
        async with queue.turn(turn.client, turn.urgency, self._config.limits.queue_wait):
            for last_try in (False, True):
                process = await self._ready(speak.model)
                try:
                    async with aclosing(process.speak(speak, self._limits)) as chunks:
                        async for audio in chunks:
                            yield audio
                except WorkerGone as gone:
                    if self._stopping:
                        raise ShuttingDown("The service is stopping") from None
                    if gone.began or last_try:
                        raise SynthesisFailed(f"{gone}; it was restarted, try again") from None
                    _LOGGER.warning("%s; trying once more", gone)
                else:
                    self._crashes.pop(process.name, None)
                    return

    async def _ready(self, model: str) -> WorkerProcess:
        if process := self._loaded.get(model):
            return process
        name = self._process_name(model)
        if name not in self._processes and (delay := self._back_off(name)) > _WORTH_WAITING:
            raise SynthesisFailed(f"The process {name} keeps ending; it may start again in {delay:.0f} s, try then")
        patience = self._config.limits.model_load
        loading = self._load_soon(model)
        try:
            async with asyncio.timeout(patience):
                return await asyncio.shield(loading)
        except TimeoutError:
            raise Timeout(f"Model {model} was not loaded within {patience:g} s") from None
        except asyncio.CancelledError:
            if loading.cancelled() and self._stopping:
                raise ShuttingDown("The service is stopping") from None
            raise

    def _load_soon(self, model: str) -> asyncio.Task[WorkerProcess]:
        """The task that loads the model: one, however many wait for it."""
        task = self._loading.get(model)
        if task is None or task.done():
            if self._stopping:
                raise ShuttingDown("The service is stopping")
            task = self._loading[model] = asyncio.create_task(self._load(model), name=f"load {model}")
            task.add_done_callback(lambda done: self._load_done(model, done))
        return task

    def _load_done(self, model: str, task: asyncio.Task[WorkerProcess]) -> None:
        if self._loading.get(model) is task:
            del self._loading[model]
        if task.cancelled():
            return
        if error := task.exception():
            _LOGGER.error("%s", error) if isinstance(error, SpeechError) else _LOGGER.error(
                "Loading %s failed", model, exc_info=error
            )
            self._bus.publish(ModelStateChanged(model, "failed", str(error)))
            if isinstance(error, _EndedLoading) and model in self._keep and not self._stopping:
                self._load_soon(model)

    async def _load(self, model: str) -> WorkerProcess:
        entry = self.registry.entry(model)
        spec = self.registry.spec(model)
        if problem := await asyncio.to_thread(self.registry.engine(model).problem, spec):
            raise ModelUnavailable(f"Model {model}: {problem}")
        self._bus.publish(ModelStateChanged(model, "loading"))
        began = time.monotonic()
        name = self._process_name(model)
        process = await self._process(name)
        try:
            async with asyncio.timeout(self._config.limits.model_load):
                await process.load(spec, entry.device)
        except TimeoutError:
            process.kill("it did not load its model in time")
            raise Timeout(f"Model {model} was not loaded in time; its process was ended") from None
        except WorkerGone as gone:
            raise _EndedLoading(f"{gone}; `wyoming-openspeakers check` may tell why") from None
        if process.exited.is_set():
            raise SynthesisFailed(f"The process {name} ended right after it loaded {model}")
        self._loaded[model] = process
        _LOGGER.info("Loaded %s in %.1f s", model, time.monotonic() - began)
        self._bus.publish(ModelStateChanged(model, "resident"))
        return process

    def _process_name(self, model: str) -> str:
        entry = self.registry.entry(model)
        return entry.environment if entry.environment != "service" else f"service/{entry.engine}"

    def _back_off(self, name: str) -> float:
        """Seconds until a process may start."""
        return max(0.0, self._start_after.get(name, 0.0) - time.monotonic())

    async def _process(self, name: str) -> WorkerProcess:
        async with self._starting.setdefault(name, asyncio.Lock()):
            if process := self._processes.get(name):
                return process
            await asyncio.sleep(self._back_off(name))
            process = WorkerProcess(name, self._on_exit)
            try:
                await process.start()
            except OSError as error:
                raise SynthesisFailed(f"The process {name} cannot be started: {error.strerror or error}") from None
            if not process.exited.is_set():
                self._processes[name] = process
            return process

    def _on_exit(self, process: WorkerProcess, reason: str) -> None:
        if self._processes.get(process.name) is process:
            del self._processes[process.name]
        lost = [model for model, its_process in self._loaded.items() if its_process is process]
        for model in lost:
            del self._loaded[model]
            self._bus.publish(ModelStateChanged(model, "cold"))
        self._bus.publish(WorkerExited(process.name, reason, self._stopping))
        if self._stopping:
            return
        crashes = self._crashes[process.name] = self._crashes.get(process.name, 0) + 1
        # The first restart is at once: a listener may be waiting. Only what goes on crashing is slowed down.
        delay = min(0.5 * 2 ** (crashes - 2), _LONGEST_BACK_OFF) if crashes > 1 else 0.0
        self._start_after[process.name] = time.monotonic() + delay
        _LOGGER.warning("Worker %s ended (%s); it may start again in %.1f s", process.name, reason, delay)
        for model in lost:
            if model in self._keep:
                self._load_soon(model)
