"""Shows the service as one device in Home Assistant, and keeps that picture true."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import replace

from ...events import DefaultsChanged, DownloadChanged, Event, GpusRead, ModelStateChanged, VoicesChanged
from .announcement import Announcement
from .choices import Choices, model_choices, voice_choices
from .connection import Connection
from .entity_states import EntityStates
from .goodbye import say_goodbye
from .message import Message
from .parts import Parts
from .shown import EntityTopics, Shown, ShownGpu
from .topics import Topics
from .updates import look_at_updates

_LOGGER = logging.getLogger(__name__)

_GATHER = 0.1
"""Seconds in which several changes become one."""

_SETTLE = 1.0
"""Seconds in which Home Assistant takes in new options, before it is told which of them holds."""

_CHECK_EVERY = 30.0
"""Seconds between looks at what nobody tells of, such as files that are put into place by hand."""

_BIRTH_PAUSE = (1.0, 4.0)
"""Seconds until an answer to Home Assistant's start, at random: not every device at once."""

_GOODBYE_PAUSE = 10.0
"""Seconds until brokers that are not ours any more are seen to: by then we are known to be at ours."""


class Discovery:
    """Announces the device, tells the states of its own, and takes back what is so no more."""

    def __init__(
        self,
        parts: Parts,
        topics: Topics,
        connection: Connection,
        *,
        settle: float = _SETTLE,
        check_every: float = _CHECK_EVERY,
        birth_pause: tuple[float, float] = _BIRTH_PAUSE,
        goodbye_pause: float = _GOODBYE_PAUSE,
    ) -> None:
        self._parts = parts
        self._topics = topics
        self._own = EntityTopics(topics)
        self._connection = connection
        self._settle = settle
        self._check_every = check_every
        self._birth_pause = birth_pause
        self._goodbye_pause = goodbye_pause
        self._announcement = Announcement(parts, topics, connection)
        self._states = EntityStates(parts.manager, self._own, connection)
        self._shown = Shown()
        self._due = asyncio.Event()
        self._again = False
        self._ending: list[Callable[[], object]] = []
        self._answering: asyncio.TimerHandle | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Announce in the background; or take back, where discovery is off, what was announced before."""
        self._announcement.take_back()
        self._tasks.append(asyncio.create_task(self._say_goodbye(), name="MQTT goodbye"))
        if self._parts.config.mqtt.discovery:
            self._listen()
        self._tasks.append(asyncio.create_task(self._run(), name="MQTT discovery"))

    async def stop(self) -> None:
        """Leave the device in Home Assistant, where it is offline from now on."""
        for end in self._ending:
            end()
        if self._answering:
            self._answering.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._remember()

    async def _say_goodbye(self) -> None:
        await asyncio.sleep(self._goodbye_pause)
        config = self._parts.config
        await say_goodbye(config.mqtt, config.data_path, self._parts.installation)

    def _listen(self) -> None:
        listen = self._connection.subscribe
        self._ending += [
            listen(f"{self._announcement.device.prefix}/status", self._see_home_assistant),
            listen(self._own.voice_set, lambda message: self._choose(message, self._shown.voices)),
            listen(self._own.model_set, lambda message: self._choose(message, self._shown.models)),
            self._parts.bus.subscribe(self._see),
        ]
        self._connection.on_connect(self._tell_again)
        self._due.set()

    def _see(self, event: Event) -> None:
        match event:
            case VoicesChanged() | DefaultsChanged():
                self._due.set()
            case DownloadChanged():
                self._states.see_download(event)
                if event.state in ("complete", "failed", "cancelled"):
                    self._due.set()
            case ModelStateChanged():
                self._states.tell_problems()
            case GpusRead() if _gpus(event) != self._shown.gpus:
                self._due.set()

    def _see_home_assistant(self, message: Message) -> None:
        """Home Assistant has started, and may have lost anything."""
        if message.payload == b"online" and not message.retain:
            pause = random.uniform(*self._birth_pause)
            if self._answering:
                self._answering.cancel()
            self._answering = asyncio.get_running_loop().call_later(pause, self._tell_again)

    def _tell_again(self) -> None:
        self._again = True
        self._due.set()

    def _choose(self, message: Message, choices: Choices) -> None:
        """Home Assistant knows voices by the names that people read."""
        if message.retain:
            # It would be chosen anew at each start.
            return
        label = message.payload.decode(errors="replace")
        if name := choices.names.get(label):
            self._parts.manager.defaults.choose_voice(name)
        else:
            _LOGGER.warning("%s: there is no %r to choose from", message.topic, label)

    async def _run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._check_every):
                    await self._due.wait()
                    await asyncio.sleep(_GATHER)
                is_quiet = False
            except TimeoutError:
                is_quiet = True
            self._due.clear()
            try:
                if self._parts.config.mqtt.discovery:
                    await self._refresh()
                if is_quiet:
                    # By now all the others have published what they have.
                    self._announcement.take_back_rest()
                self._remember()
            except Exception:
                _LOGGER.exception("Home Assistant cannot be told how things are")

    async def _refresh(self) -> None:
        """Tell what is new. At no moment a select holds what is not among its options."""
        again, self._again = self._again, False
        manager = self._parts.manager
        catalog = await manager.renew_voices()
        here = await asyncio.to_thread(look_at_updates, manager.registry)
        before = self._shown
        self._shown = shown = Shown(
            voices=voice_choices(catalog, manager.defaults.voice),
            models=model_choices(catalog),
            gpus=_gpus(manager.gpus),
            downloadable=tuple(here),
        )
        if shown.voices.left_out != before.voices.left_out:
            names, more = len(shown.voices.names), shown.voices.left_out
            _LOGGER.info("Home Assistant is shown %d voices to choose from, and not %d more", names, more)
        between = replace(shown, voices=_with(shown.voices, before.voices), models=_with(shown.models, before.models))
        self._states.tell_updates(here)
        self._states.tell_problems()
        if self._announcement.publish(between, again=again):
            # Here and not only at the end: what is at the broker is known whatever happens.
            self._remember()
            await asyncio.sleep(self._settle)
        self._states.tell_choices(shown, again=again)
        if between != shown:
            self._announcement.publish(shown)

    def _remember(self) -> None:
        gpus = [self._topics.gpu(gpu.index) for gpu in self._parts.manager.gpus.gpus]
        downloads = [self._topics.download_of(each.name) for each in self._parts.manager.downloads.active()]
        others = [topic for topic in (*gpus, *downloads) if self._connection.retains(topic)]
        self._announcement.remember([*others, *self._states.retained()])


def _with(choices: Choices, before: Choices) -> Choices:
    """The option that held before stays for as long as it is what is shown."""
    label = before.current
    if not label or label in choices.names:
        return choices
    return replace(choices, names={**choices.names, label: before.names[label]})


def _gpus(read: GpusRead) -> tuple[ShownGpu, ...]:
    return tuple(map(ShownGpu.of, read.gpus))
