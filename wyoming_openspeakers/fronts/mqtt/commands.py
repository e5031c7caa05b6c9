"""Takes commands from the broker: each is answered, and none can make the service wait or grow."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...errors import Busy, InvalidRequest, NotFound, ShuttingDown
from .asker import Asker
from .command_types import (
    BadCommand,
    ClearCacheCommand,
    Command,
    CommandT,
    DownloadCommand,
    KeepAliveCommand,
    LoadCommand,
    ModelCommand,
    SayCommand,
    SpeedCommand,
    StopCommand,
    UnloadCommand,
    VoiceCommand,
    most_bytes,
    read,
)
from .connection import Connection
from .lane import Lane, Work
from .message import Message
from .parts import Parts
from .say import Say
from .settings import Settings
from .topics import Topics
from .upkeep import Upkeep

_MOST_TEXTS = 100
"""Texts that may wait to be looked at, which takes a moment each."""

_MOST_WAITING = 20
"""Of all other commands of a kind."""

_LONGEST_NAME = 80


@dataclass(frozen=True)
class _Kind:
    """A kind of command."""

    type: type[Command]
    run: Callable[[Any], Awaitable[None]]
    lane: str
    """What is done in the order in which it came."""


class Commands:
    """Runs commands, those of a kind in their order, and answers them."""

    def __init__(
        self, parts: Parts, connection: Connection, topics: Topics, on_stop: Callable[[], None] = lambda: None
    ) -> None:
        """`on_stop` is called when all speech shall stop, for what waits elsewhere."""
        self._connection = connection
        self._topics = topics
        self._on_stop = on_stop
        self._characters = parts.config.text.max_characters
        self._say = Say(parts)
        settings, upkeep = Settings(parts.manager, parts.bus), Upkeep(parts)
        self._kinds: Mapping[str, _Kind] = {
            "load": _Kind(LoadCommand, upkeep.load, "load"),
            "unload": _Kind(UnloadCommand, upkeep.unload, "unload"),
            "download": _Kind(DownloadCommand, upkeep.download, "download"),
            "clear_cache": _Kind(ClearCacheCommand, upkeep.clear_cache, "clear_cache"),
            "voice": _Kind(VoiceCommand, settings.voice, "voice"),
            # It chooses a voice, too: the last of both holds.
            "model": _Kind(ModelCommand, settings.model, "voice"),
            "speed": _Kind(SpeedCommand, settings.speed, "speed"),
            "keep_alive": _Kind(KeepAliveCommand, settings.keep_alive, "keep_alive"),
        }
        self._lanes = {kind.lane: Lane(f"`{kind.lane}` commands", _MOST_WAITING) for kind in self._kinds.values()}
        self._texts = Lane("`say` commands", _MOST_TEXTS)
        self._strangers = Lane("`say` commands with voices to be looked for", _MOST_WAITING)
        """Texts whose voice may have to be downloaded first, which others must not wait for."""

        self._stopping = False

    def start(self) -> None:
        """Listen to commands."""
        self._say.start()
        self._connection.subscribe(self._topics.commands, self._receive)

    async def stop(self) -> None:
        """Refuse what comes from now on, and leave what waits."""
        self._stopping = True
        await asyncio.gather(*(lane.stop() for lane in (self._texts, self._strangers, *self._lanes.values())))
        await self._say.stop()

    def _receive(self, message: Message) -> None:
        name = message.topic.rpartition("/")[2]
        asker = Asker(
            self._connection,
            self._topics,
            name[:_LONGEST_NAME],
            response_topic=message.response_topic,
            correlation=message.correlation,
        )
        try:
            if self._stopping:
                raise ShuttingDown("The service is stopping")
            if message.retain:
                raise InvalidRequest("A retained command would be done again at each start: send it without retain")
            if name == "say":
                self._take_text(self._read(SayCommand, message), asker)
            elif name == "stop":
                self._stop_speaking(self._read(StopCommand, message), asker)
            elif kind := self._kinds.get(name):
                self._take(kind, self._read(kind.type, message), asker)
            else:
                raise NotFound(f"There is no such command; commands: say, stop, {', '.join(self._kinds)}")
        except BadCommand as error:
            asker.called(error.id).refuse(error)
        except Exception as error:
            asker.refuse(error)

    def _read(self, kind: type[CommandT], message: Message) -> CommandT:
        return read(kind, message.payload, most_bytes(kind, self._characters))

    def _take_text(self, command: SayCommand, asker: Asker) -> None:
        asker = asker.called(command.id)
        lane = self._texts if self._say.knows_voice(command) else self._strangers
        _put(lane, partial(self._say.take, command, asker, self._say.stops), asker)

    def _take(self, kind: _Kind, command: Command, asker: Asker) -> None:
        asker = asker.called(command.id)

        async def work() -> None:
            await kind.run(command)
            asker.done()

        _put(self._lanes[kind.lane], work, asker)

    def _stop_speaking(self, command: StopCommand, asker: Asker) -> None:
        self._say.stop_speaking()
        self._on_stop()
        asker.called(command.id).done()


def _put(lane: Lane, work: Work, asker: Asker) -> None:
    """Have a command done in its turn; whatever becomes of it is answered."""

    async def answered() -> None:
        try:
            await work()
        except asyncio.CancelledError:
            asker.refuse(ShuttingDown("The service is stopping"))
            raise
        except Exception as error:
            asker.refuse(error)

    try:
        lane.put(answered)
    except Busy as error:
        asker.refuse(error)
