"""How things are, for everyone who looks: retained topics that follow what happens."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from dataclasses import asdict

from ... import __version__
from ...config.values import parse_keep_alive
from ...errors import ModelUnavailable
from ...events import DownloadChanged, Event
from .connection import Connection
from .downloads import about_download, is_active
from .failures import failure_in, failure_of
from .message import Message
from .parts import Parts
from .payloads import (
    ErrorAbout,
    GpuAbout,
    JobAbout,
    ModelAbout,
    ModelsAbout,
    Payload,
    QueueAbout,
    ServiceAbout,
    Status,
)
from .stories import Stories
from .topics import Topics

_LOGGER = logging.getLogger(__name__)

_GATHER = 0.05
"""Seconds in which several changes become one."""

_CHECK_EVERY = 2.0
"""Seconds between looks at what nobody tells of, such as the length of a queue."""

_BETWEEN_GPU_READINGS = 5.0
_BETWEEN_DOWNLOAD_STATES = 1.0


class StateTopics:
    """Publishes what has changed, soon but not at every turn."""

    def __init__(self, parts: Parts, connection: Connection, topics: Topics, stories: Stories) -> None:
        self._parts = parts
        self._connection = connection
        self._topics = topics
        self._stories = stories
        self._due = asyncio.Event()
        self._gpus_told_at = -math.inf
        self._gpus: set[str] = set()
        self._downloads: dict[str, float] = {}
        """When each download was told of."""
        self._has_warned = False
        self._keeping: asyncio.Task[None] | None = None

        stories.listen(self._see_job)
        self._ends = [
            parts.bus.subscribe(self._see),
            connection.subscribe(topics.service, self._see_other),
            connection.subscribe(topics.all_gpus, self._sweep),
            connection.subscribe(topics.all_downloads, self._sweep),
        ]

    def start(self) -> None:
        """Say how things are, and go on saying so."""
        self._tell_all()
        self._keeping = asyncio.create_task(self._keep(), name="MQTT state")

    async def stop(self) -> None:
        """Say no more."""
        for end in self._ends:
            end()
        if self._keeping:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        # Nobody speaks any more, whatever was said last.
        self._say(self._topics.state, "idle")

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_GATHER)
            try:
                async with asyncio.timeout(_CHECK_EVERY):
                    await self._due.wait()
            except TimeoutError:
                pass
            self._due.clear()
            try:
                self._tell_all()
            except Exception:
                _LOGGER.exception("MQTT cannot be told how things are")

    def _see(self, event: Event) -> None:
        if isinstance(event, DownloadChanged):
            self._tell_download(event)
        if failure := failure_in(event):
            self._tell_failure(failure)
        self._due.set()

    def _see_job(self, job: JobAbout) -> None:
        if job.state in ("complete", "failed", "cancelled"):
            self._say(self._topics.last_job, job)
            if failure := failure_of(job):
                self._tell_failure(failure)
        self._due.set()

    def _tell_failure(self, failure: ErrorAbout) -> None:
        self._say(self._topics.last_error, failure)

    def _tell_all(self) -> None:
        self._say(self._topics.state, self._status())
        self._say(self._topics.models, self._models())
        states = list(self._stories.states())
        self._say(self._topics.queue, QueueAbout(waiting=self._parts.manager.waiting(), jobs=states.count("queued")))
        self._tell_defaults()
        self._tell_gpus()
        about = ServiceAbout(version=__version__, installation=self._parts.installation, url=self._parts.url())
        self._say(self._topics.service, about)

    def _status(self) -> Status:
        states = set(self._stories.states())
        if "generating" in states:
            return "speaking"
        manager = self._parts.manager
        is_loading = any(manager.state(model) == "loading" for model in manager.registry.models)
        return "loading" if is_loading or "loading" in states else "idle"

    def _models(self) -> ModelsAbout:
        manager = self._parts.manager
        return ModelsAbout(
            models=[
                ModelAbout(
                    id=model,
                    name=entry.name or model,
                    state=manager.state(model),
                    device=manager.residents.place(model),
                    memory=sum(manager.residents.memory(model).values()),
                )
                for model, entry in manager.registry.models.items()
            ]
        )

    def _tell_defaults(self) -> None:
        manager = self._parts.manager
        defaults, catalog = manager.defaults, manager.catalog
        try:
            chosen = (catalog.find(defaults.voice) if defaults.voice else None) or catalog.default()
            voice, model = chosen.installed.name, chosen.installed.model
        except ModelUnavailable:
            voice = model = ""
        self._say(self._topics.voice, voice)
        self._say(self._topics.model, model)
        self._say(self._topics.speed, f"{defaults.speed:g}")
        seconds = parse_keep_alive(defaults.keep_alive)
        self._say(self._topics.keep_alive, "-1" if math.isinf(seconds) else f"{seconds:g}")

    def _tell_gpus(self) -> None:
        now = time.monotonic()
        if now - self._gpus_told_at < _BETWEEN_GPU_READINGS:
            return
        self._gpus_told_at = now
        told = set()
        for gpu in self._parts.manager.gpus.gpus:
            topic = self._topics.gpu(gpu.index)
            self._say(topic, GpuAbout(**asdict(gpu)))
            told.add(topic)
        for topic in self._gpus - told:
            self._connection.publish(topic, "", retain=True)
        self._gpus = told

    def _tell_download(self, event: DownloadChanged) -> None:
        topic = self._topics.download_of(event.name)
        if not is_active(event):
            self._downloads.pop(event.name, None)
            self._connection.publish(topic, "", retain=True)
            return
        now = time.monotonic()
        if now - self._downloads.get(event.name, -math.inf) >= _BETWEEN_DOWNLOAD_STATES:
            self._downloads[event.name] = now
            self._say(topic, about_download(event))

    def _sweep(self, message: Message) -> None:
        """Clear what an earlier run left behind: a GPU or a download that is no more."""
        if message.retain and message.payload and not self._connection.retains(message.topic):
            self._connection.publish(message.topic, "", retain=True)

    def _see_other(self, message: Message) -> None:
        """Warn when somebody else uses our topics."""
        if self._has_warned or not message.payload or message.retain:
            return
        try:
            other = ServiceAbout.model_validate_json(message.payload).installation
        except ValueError:
            return
        if other != self._parts.installation:
            self._has_warned = True
            base = self._topics.base
            _LOGGER.warning("Another service (%s) speaks on %s, too: give each a mqtt.topic of its own", other, base)

    def _say(self, topic: str, what: Payload | str) -> None:
        self._connection.publish(topic, what if isinstance(what, str) else what.model_dump_json(), retain=True)
