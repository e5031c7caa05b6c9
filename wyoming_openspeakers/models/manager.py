"""The model manager: knows all models and their voices, keeps them ready and has them speak."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from ..config import Config
from ..engines.base import Audio
from ..errors import ModelUnavailable, OutOfMemory, ShuttingDown, SynthesisFailed, Timeout
from ..events import Event, EventBus, GpusRead, JobState, ModelState
from ..worker.protocol import Speak
from .current_voices import LONGEST_LOOK, CurrentVoices
from .defaults import Defaults
from .gpu.gpus import Gpus
from .hub.downloads import Downloads
from .hub.lookup import parse_name
from .hub.model_files import ModelFiles
from .hub.on_demand import OnDemand
from .load_failures import LoadFailures
from .memory.measured import Measured
from .memory.places import Places
from .memory.residents import Residents
from .profiles.profile import Profile
from .queue import TurnQueue, Urgency, Waiting
from .registry import Registry
from .voices import VoiceCatalog
from .workers.process import SpeakLimits, WorkerGone, WorkerProcess

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Turn:
    """Who asks, and how urgently."""

    client: str = ""
    urgency: Urgency = Urgency.INTERACTIVE
    job: str = ""
    """The request that it is a part of."""

    keep_alive: float | str | None = None
    """How long the model shall stay afterwards; None as the model or the service has it."""

    notice: Callable[[JobState, int], None] = lambda state, ahead: None
    """Told how far it is, and how many go first: queued, loading, generating."""


class ModelManager:
    """Keeps models ready; one worker process per environment, and per engine in the service's own."""

    def __init__(
        self,
        registry: Registry,
        config: Config,
        bus: EventBus,
        gpus: Gpus | None = None,
        profiles: Callable[[], Sequence[Profile]] = tuple,
    ) -> None:
        self.registry = registry
        self.downloads = Downloads(registry, bus, config.hub.token)
        self._on_demand = OnDemand(config, registry, self.downloads)
        self._on_demand.restore()
        self.defaults = Defaults(config, bus)
        self._config = config
        limits = config.limits
        self._limits = SpeakLimits(limits.first_audio, limits.audio_gap, limits.cancel)
        measured = Measured(config.data_path / "memory.json")
        self.gpus = (gpus or Gpus(config.models.gpus)).read()
        """The GPUs as they were read last."""
        places = Places(registry, config.models, measured, self.gpus.gpus)
        self.residents = Residents(registry, config, bus, places, measured, self.defaults)
        fits = self.residents.can_hold
        self._voices = CurrentVoices(registry, self.defaults, config.voice.by_language, profiles, bus, fits)
        self._on_demand.on_added = self._voices.renew_soon
        self.files = ModelFiles(config, registry, self.downloads, self._on_demand, self.residents)
        self.files.on_removed = self._voices.see_removal
        self.failures = LoadFailures(bus)
        bus.subscribe(self._see)
        self._queues: dict[str, TurnQueue] = {}
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
        self.residents.keep(dict.fromkeys([*standby, *default, *self._config.models.preload]))

    def _see(self, event: Event) -> None:
        if isinstance(event, GpusRead):
            self.gpus = event
            self.residents.see_gpus(event)

    def _warn_of_unknown_voices(self) -> None:
        voice = self._config.voice
        names = {"voice.default": self.defaults.voice}
        names.update({f"voice.by_language.{tag}": name for tag, name in voice.by_language.items()})
        for key, name in names.items():
            if name and not self.catalog.find(name):
                _LOGGER.warning("%s: there is no voice %r; another speaks instead", key, name)

    async def stop(self) -> None:
        """End all workers."""
        self._stopping = True
        await self._on_demand.stop()
        await self.downloads.stop()
        await self._voices.stop()
        await self.residents.stop()

    @property
    def catalog(self) -> VoiceCatalog:
        """The voices as they were looked up last."""
        return self._voices.catalog

    async def voices(self, patience: float = LONGEST_LOOK) -> VoiceCatalog:
        """The voices as they are now; on a busy machine, where a look takes longer than `patience`, as they were."""
        return await self._voices.get(patience)

    async def voices_with(self, name: str) -> VoiceCatalog:
        """The catalog in which a voice is looked for that the last look did not find: it may have come since then.

        Where that is allowed, a model of the hub is fetched by its name.
        """
        catalog = await self.voices(patience=2)
        repo = "/".join(name.split("/")[:2])
        if catalog.find(name) or not self._config.hub.on_demand or parse_name(repo) != (repo, ""):
            return catalog
        if self.registry.resolve(name.partition("/")[0]) or self.registry.resolve(repo):
            return catalog
        patience = self._config.limits.model_load
        try:
            async with asyncio.timeout(patience):
                await self._on_demand.get(repo)
        except TimeoutError:
            raise Timeout(f"{repo} is being downloaded, which takes longer than {patience:g} s; try later") from None
        return await self._voices.renew()

    async def renew_voices(self) -> VoiceCatalog:
        """The catalog, looked up now, after a voice has come or gone."""
        catalog = await self._voices.renew()
        if gone := self._voices.take_gone():
            await asyncio.gather(*(worker.forget(gone) for worker in self.workers()))
        return catalog

    def state(self, model: str) -> ModelState:
        """Where a model is."""
        return self.residents.state(model)

    def workers(self) -> tuple[WorkerProcess, ...]:
        """The processes that run now."""
        return self.residents.workers.running()

    def waiting(self) -> int:
        """How many segments wait for a turn."""
        return sum(queue.length for queue in self._queues.values())

    def queues(self) -> dict[str, list[Waiting]]:
        """Who waits for a turn, by model, in the order of their turns."""
        return {model: order for model, queue in self._queues.items() if (order := list(queue.order()))}

    def position(self, job: str) -> int | None:
        """How many go before a request's next sentence; None when it does not wait."""
        for queue in self._queues.values():
            for position, waiting in enumerate(queue.order()):
                if waiting.job == job:
                    return position
        return None

    async def load(self, model: str, keep_alive: float | str | None = None, patience: float = math.inf) -> None:
        """Have a model ready; `patience` bounds the wait for a place, in seconds."""
        async with self.residents.using(model, patience=patience, keep_alive=keep_alive):
            pass

    async def unload(self, model: str) -> None:
        """Give back all that a model takes, as soon as it has finished its sentences."""
        await self.residents.send_away(model, "cold")

    async def park(self, model: str) -> None:
        """Move a model to host memory, as soon as it has finished its sentences."""
        await self.residents.send_away(model, "parked")

    async def speak(self, speak: Speak, turn: Turn) -> AsyncGenerator[Audio, None]:
        """Speak one segment; on a worker that dies before the segment began, once more on the next."""
        model = speak.model
        queue = self._queue(model)
        patience = self._config.limits.queue_wait if turn.urgency is Urgency.INTERACTIVE else math.inf

        def is_loading() -> bool:
            return self.state(model) == "loading"

        def urgency() -> int:
            # Whoever waits for a turn at this model waits for the model, too.
            behind = queue.urgency
            return turn.urgency if behind is None else min(turn.urgency, behind)

        turn.notice("queued", queue.ahead_of(turn.urgency))
        async with queue.turn(turn.client, turn.urgency, patience, turn.job, is_loading):
            for last_try in (False, True):
                if self.state(model) != "resident":
                    turn.notice("loading", 0)
                try:
                    async with self.residents.using(model, urgency, patience, turn.keep_alive) as process:
                        turn.notice("generating", 0)
                        try:
                            async with aclosing(process.speak(speak, self._limits)) as chunks:
                                async for audio in chunks:
                                    yield audio
                        except OutOfMemory:
                            self.residents.renew(model)
                            raise
                        self.residents.workers.works(process)
                        return
                except WorkerGone as gone:
                    if self._stopping:
                        raise ShuttingDown("The service is stopping") from None
                    if gone.began or last_try:
                        raise SynthesisFailed(f"{gone}; it was restarted, try again") from None
                    _LOGGER.warning("%s; trying once more", gone)

    def _queue(self, model: str) -> TurnQueue:
        queue = self._queues.get(model)
        if queue is None:
            slots = self.registry.capabilities(model).concurrency
            queue = self._queues[model] = TurnQueue(slots, self._config.limits.queue)
        return queue
