"""The connection to the broker: held for ever, in the background, and nobody waits for it."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from ...config.tree import MqttConfig
from .credentials import Patience, read_credentials
from .message import Message
from .outbox import Outbox, Outgoing
from .topics import Topics
from .troubles import Trouble

if TYPE_CHECKING:
    from .session import Session

_LOGGER = logging.getLogger(__name__)

_SHORTEST_PAUSE = 1.0
_LONGEST_PAUSE = 4.0
"""A broker that comes back is found within five seconds; to knock at a closed port costs next to nothing."""

_LONGEST_LASTING_PAUSE = 60.0
"""Wrong passwords fill logs and have people banned."""

_STEADY = 3.0
"""Seconds after which a connection is more than a try."""

_LAST_WORDS = 1.0
"""Seconds that what waits may take to be sent when the service ends."""

_PATIENT = Patience()

Handler = Callable[[Message], None]


class Connection:
    """Connects, tells who listens, and connects again when the broker has gone."""

    def __init__(
        self, config: MqttConfig, topics: Topics, installation: str, *, patience: Patience | None = None
    ) -> None:
        self._config = config
        self._installation = installation
        self._patience = patience or _PATIENT
        self._outbox = Outbox()
        self._changed = asyncio.Event()
        self._handlers: dict[str, Handler] = {}
        self._connected_callbacks: list[Callable[[], None]] = []
        self._will = Outgoing(topics.availability, b"offline", retain=True)
        self._greeting = Outgoing(topics.availability, b"online", retain=True)
        self._is_greeting_due = False
        self._version = 5
        self._trouble_since: float | None = None
        self._complaint = ""
        self._keeping: asyncio.Task[None] | None = None
        self._stopped = False
        self.connected = False
        """Whether the broker listens now."""

        self.broker = config.host
        """Its address, with the port as soon as that is known."""

        self.trouble = ""
        """Why there is no connection, in a sentence that names what to change; empty while nothing is wrong."""

        self.subscribe(topics.availability, self._hear_of_us)

    def start(self) -> None:
        """Connect in the background. Never fails: the service speaks without a broker."""
        self._keeping = asyncio.create_task(self._keep(), name="MQTT connection")

    async def stop(self) -> None:
        """Send what waits, say that we go, and hang up."""
        self._stopped = True
        if self._keeping:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping
            self._keeping = None

    def publish(
        self,
        topic: str,
        payload: str | bytes,
        *,
        retain: bool = False,
        qos: int = 1,
        correlation: bytes | None = None,
    ) -> None:
        """Have a message sent; never waits and never fails.

        What is retained is kept and sent again after each connect, until an empty payload takes it back. Other
        messages wait for a few seconds when the broker is away, and are lost then.
        """
        if not self._stopped:
            self._outbox.put(Outgoing(topic, payload, qos, retain, correlation))
            self._changed.set()

    def retains(self, topic: str) -> bool:
        """Whether something is published here that stays."""
        return self._outbox.retains(topic)

    def subscribe(self, topic_filter: str, handler: Handler) -> Callable[[], None]:
        """Hand each message of some topics to `handler`, which must not wait; returns what ends that.

        Filters must not overlap: brokers differ in how often they send what two of them match.
        """
        self._handlers[topic_filter] = handler
        self._changed.set()

        def unsubscribe() -> None:
            self._handlers.pop(topic_filter, None)
            self._changed.set()

        return unsubscribe

    def on_connect(self, callback: Callable[[], None]) -> None:
        """Call this whenever the broker is there, before anything is sent to it."""
        self._connected_callbacks.append(callback)

    async def _keep(self) -> None:
        while not self._stopped:
            try:
                await self._connect_once()
            except Trouble as trouble:
                await self._bear(trouble)
            except Exception as error:
                _LOGGER.exception("The MQTT connection failed")
                await self._bear(Trouble(f"The MQTT connection failed: {error}", lasts=True))

    async def _bear(self, trouble: Trouble) -> None:
        """Say once what is wrong, and wait: longer, the longer it has been so."""
        if self._stopped:
            return
        self.trouble = str(trouble)
        now = time.monotonic()
        self._trouble_since = self._trouble_since or now
        # While the broker is away, it does not matter in which of many ways it is away.
        is_news = str(trouble) != self._complaint and (trouble.lasts or not self._complaint)
        level = logging.WARNING if is_news else logging.DEBUG
        self._complaint = str(trouble) if is_news else self._complaint
        _LOGGER.log(level, "MQTT: %s; trying on", trouble)
        longest = _LONGEST_LASTING_PAUSE if trouble.lasts else _LONGEST_PAUSE
        pause = min(longest, max(_SHORTEST_PAUSE, (now - self._trouble_since) / 4))
        await asyncio.sleep(pause * random.uniform(0.8, 1.2))

    async def _connect_once(self) -> None:
        """Hold one connection; ends with Trouble."""
        session = await self._open()
        self.trouble = self._complaint = ""
        began = time.monotonic()
        try:
            await self._serve(session)
        except asyncio.CancelledError:
            await self._flush(session)
            await session.close(self._will)
            raise
        except Exception as error:
            await session.close()
            if time.monotonic() - began > _STEADY:
                self._trouble_since = None
            elif isinstance(error, Trouble):
                error.lasts = True
            raise
        finally:
            self.connected = False

    async def _open(self) -> Session:
        """Connect; with MQTT 3.1.1 where a broker does not speak 5."""
        from .session import Session

        credentials = await asyncio.to_thread(read_credentials, self._config, self._installation)
        self.broker = credentials.broker
        while True:
            session = Session(credentials, self._will, self._patience, self._version)
            try:
                await session.open()
            except Trouble as trouble:
                tried, self._version = self._version, 5
                if not trouble.other_version or tried != 5:
                    raise
                self._version = 3
            else:
                which = "" if self._version == 5 else ", with MQTT 3.1.1"
                _LOGGER.info("Connected to the MQTT broker %s%s", credentials.broker, which)
                return session

    async def _serve(self, session: Session) -> None:
        """Send and receive until the connection is lost."""
        self._outbox.renew()
        self._is_greeting_due = True
        self.connected = True
        for callback in self._connected_callbacks:
            try:
                callback()
            except Exception:
                _LOGGER.exception("Something failed as the MQTT broker was there")
        tasks = {
            asyncio.create_task(self._send(session), name="MQTT send"),
            asyncio.create_task(self._receive(session), name="MQTT receive"),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Once is not enough: before Python 3.12 `wait_for`, which the library uses, may swallow it.
            while running := [task for task in tasks if not task.done()]:
                for task in running:
                    task.cancel()
                await asyncio.wait(running, timeout=0.1)
            await asyncio.gather(*tasks, return_exceptions=True)
        done.pop().result()

    async def _send(self, session: Session) -> None:
        subscribed: set[str] = set()
        while True:
            self._changed.clear()
            wanted = set(self._handlers)
            for topic_filter in wanted - subscribed:
                await session.subscribe(topic_filter)
            for topic_filter in subscribed - wanted:
                await session.unsubscribe(topic_filter)
            subscribed = wanted
            # Others believe what we say when we are online, so that comes after it.
            for _ in range(len(self._outbox)):
                await self._send_next(session)
            if self._is_greeting_due:
                self._is_greeting_due = False
                await session.publish(self._greeting)
            if not self._outbox:
                await self._changed.wait()

    async def _send_next(self, session: Session) -> None:
        if message := self._outbox.next():
            await session.publish(message)
            self._outbox.sent(message)

    async def _receive(self, session: Session) -> None:
        async for message in session.messages():
            for topic_filter, handler in tuple(self._handlers.items()):
                if session.matches(topic_filter, message):
                    try:
                        handler(message)
                    except Exception:
                        _LOGGER.exception("A message on %s failed", message.topic)

    def _hear_of_us(self, message: Message) -> None:
        """Contradict a broker that takes an old connection's end for ours."""
        if message.payload != self._greeting.payload and not message.retain:
            self._is_greeting_due = True
            self._changed.set()

    async def _flush(self, session: Session) -> None:
        deadline = time.monotonic() + _LAST_WORDS
        session.answers_within(_LAST_WORDS)
        with suppress(Trouble):
            while self._outbox and time.monotonic() < deadline:
                await self._send_next(session)
