"""Takes back what was announced at a broker that the service uses no more: one short try, in the background."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ...config.tree import MqttConfig
from .announced import Announced, Broker, Memory
from .credentials import Patience, read_credentials
from .outbox import Outgoing
from .troubles import Trouble

if TYPE_CHECKING:
    from .session import Session

_LOGGER = logging.getLogger(__name__)

_LONGEST = 5.0
"""Seconds for all of it."""

_ANSWER = 1.0
"""Seconds in which a broker tells what it retains."""

_OLDEST_VERSION = 4
"""MQTT 3.1.1, which every broker speaks: there is one try only."""


async def say_goodbye(config: MqttConfig, data: Path, installation: str, patience: float = _LONGEST) -> None:
    """Remove what was announced at other brokers than that of the configuration, if any. Never fails.

    What cannot be removed now is tried again when the service starts the next time. A service that announces itself
    at a broker says so there first: what seems another broker may be the same one under another name or port.
    """
    memory = Memory(data)
    current = Broker.of(config).address
    for announced in memory.read():
        if announced.broker.address == current and config.host:
            continue
        try:
            async with asyncio.timeout(patience):
                is_gone = await _remove(announced, config, installation)
        except (Trouble, TimeoutError, OSError) as error:
            where = f"{announced.broker.host}:{announced.broker.port}"
            _LOGGER.info("Cannot remove from %s what was announced there: %s", where, error or "no answer")
        except Exception:
            _LOGGER.exception("Removing what was announced failed")
        else:
            if is_gone:
                memory.forget(announced.broker)


async def _remove(announced: Announced, config: MqttConfig, installation: str) -> bool:
    from .session import Session

    topics = announced.topics
    if not topics:
        return True
    there = announced.broker.config(config).model_copy(update={"client_id": f"openspeakers-{installation}-goodbye"})
    credentials = await asyncio.to_thread(read_credentials, there, installation)
    # Every session has a will; what this one says stays nowhere.
    session = Session(credentials, Outgoing(topics[-1], "offline"), Patience(), _OLDEST_VERSION)
    await session.open()
    try:
        if config.host and await _is_online(session, announced.availability):
            return False
        for topic in topics:
            await session.publish(Outgoing(topic, "", retain=True))
    finally:
        await session.close()
    return True


async def _is_online(session: Session, availability: str) -> bool:
    """Whether the service is there at this moment."""
    if not availability:
        return False
    await session.subscribe(availability)
    with suppress(TimeoutError):
        async with asyncio.timeout(_ANSWER):
            async for message in session.messages():
                return message.payload == b"online"
    return False
