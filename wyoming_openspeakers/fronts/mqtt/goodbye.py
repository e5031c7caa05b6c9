"""Takes back what was announced at a broker that the service uses no more: one short try, in the background."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from ...config.tree import MqttConfig
from .announced import Announced, Broker, Memory
from .credentials import Patience, read_credentials
from .outbox import Outgoing
from .troubles import Trouble

_LOGGER = logging.getLogger(__name__)

_LONGEST = 5.0
"""Seconds for all of it."""

_OLDEST_VERSION = 4
"""MQTT 3.1.1, which every broker speaks: there is one try only."""


async def say_goodbye(config: MqttConfig, data: Path, installation: str, patience: float = _LONGEST) -> None:
    """Remove what was announced at other brokers than that of the configuration, if any. Never fails.

    What cannot be removed now is tried again when the service starts the next time.
    """
    memory = Memory(data)
    current = Broker.of(config).address
    for announced in memory.read():
        if announced.broker.address == current and config.host:
            continue
        try:
            async with asyncio.timeout(patience):
                await _remove(announced, config, installation)
        except (Trouble, TimeoutError, OSError) as error:
            where = f"{announced.broker.host}:{announced.broker.port}"
            _LOGGER.info("Cannot remove from %s what was announced there: %s", where, error or "no answer")
        except Exception:
            _LOGGER.exception("Removing what was announced failed")
        else:
            memory.forget(announced.broker)


async def _remove(announced: Announced, config: MqttConfig, installation: str) -> None:
    from .session import Session

    topics = [Outgoing(topic, "", retain=True) for topic in announced.topics]
    if not topics:
        return
    there = announced.broker.config(config).model_copy(update={"client_id": f"openspeakers-{installation}-goodbye"})
    credentials = await asyncio.to_thread(read_credentials, there, installation)
    # Every session has a will; what this one says stays nowhere.
    session = Session(credentials, Outgoing(announced.topics[-1], "offline"), Patience(), _OLDEST_VERSION)
    await session.open()
    try:
        for message in topics:
            await session.publish(message)
    finally:
        await session.close()
