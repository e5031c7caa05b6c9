"""Keeps the history within its bounds, and its index up to date, in the background."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from sqlalchemy import Connection, func, select, update

from ..config.tree import HistoryConfig
from ..errors import SpeechError
from . import index, rows
from .audio_files import AudioFiles
from .clearing import AT_ONCE
from .database import Database
from .entry import OVER
from .pages import how_many
from .tables import ENTRIES, numbered

_LOGGER = logging.getLogger(__name__)

_EVERY = 3600.0
_DAY = 86_400.0
_MEGABYTE = 1_000_000
_ROOM = 100
_FILES_AT_ONCE = 500
_CATCH_UP = 8 * index.STEP
"""Entries to index at once when there are many; nothing else is written meanwhile."""


class Retention:
    """Removes the oldest when there is too much."""

    def __init__(self, config: HistoryConfig, database: Database, files: Callable[[], AudioFiles]) -> None:
        self._config = config
        self._database = database
        self._files = files
        self._wake = asyncio.Event()
        self._working: asyncio.Task[None] | None = None
        self._added = 0
        self._room_entries = 0
        self._room_bytes = 0
        self._one_at_a_time = asyncio.Lock()

    async def start(self) -> None:
        """Look from time to time, first at once."""
        self._wake.set()
        self._working = asyncio.create_task(self._work(), name="history retention")

    async def stop(self) -> None:
        """Leave it as it is."""
        if self._working:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)
            self._working = None

    def look(self, *, added: int = 0, size: int = 0) -> None:
        """Say that there is more; it is looked after when it may be too much."""
        self._added += added
        self._room_entries -= added
        self._room_bytes -= size
        if self._added >= index.STEP or self._room_entries < 0 or self._room_bytes < 0:
            self.wake()

    def wake(self) -> None:
        """Let it look now."""
        self._wake.set()

    async def run(self) -> None:
        """Do all that is to be done now."""
        async with self._one_at_a_time:
            self._added = 0
            while await self._database.read(index.behind) > 0:
                await self._database.write(index.read_words, _CATCH_UP)
            await self._remove_audio()
            await self._remove_entries()

    async def _work(self) -> None:
        failed = False
        while True:
            try:
                async with asyncio.timeout(_EVERY):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            try:
                await self.run()
                failed = False
            except (SpeechError, OSError) as error:
                if not failed:
                    _LOGGER.warning("The history cannot be looked after: %s", error)
                failed = True
                self._room_entries = self._room_bytes = 0

    async def _remove_audio(self) -> None:
        most = self._config.audio_megabytes * _MEGABYTE
        enough = most
        while True:
            oldest = time.time() - self._config.audio_days * _DAY if self._config.audio_days else None
            total, names = await self._database.write(_forget_audio, enough, oldest)
            self._room_bytes = most - total
            if not names:
                return
            enough = _with_room(most)
            await asyncio.to_thread(self._files().remove, names)

    async def _remove_entries(self) -> None:
        removed, enough = 0, self._config.entries
        while True:
            went, there, names = await self._database.write(_forget_entries, enough)
            await asyncio.to_thread(self._files().remove, names)
            removed += went
            if not went:
                break
            enough = _with_room(self._config.entries)
        self._room_entries = self._config.entries - there
        if removed or self._database.is_to_be_scrubbed:
            await self._database.scrub()
        if self._database.is_to_be_scrubbed:
            self.wake()


def _with_room(most: int) -> int:
    """Where to stop when there was too much, so that not every new entry is too much again."""
    return most - most // _ROOM


def _forget_audio(connection: Connection, most: int, oldest: float | None) -> tuple[int, list[str]]:
    """Take their audio from some of the oldest entries; the bytes that stay, and the names of the files."""
    has_file = ENTRIES.c.file.is_not(None)
    total = int(connection.execute(select(func.sum(ENTRIES.c.bytes)).where(has_file)).scalar() or 0)
    columns = (ENTRIES.c.seq, ENTRIES.c.file, ENTRIES.c.bytes, ENTRIES.c.created)
    over = connection.execute(
        select(*columns).where(has_file, ENTRIES.c.status.in_(OVER)).order_by(ENTRIES.c.seq).limit(_FILES_AT_ONCE)
    )
    numbers, names = [], []
    for seq, file, size, created in over:
        if total <= most and (oldest is None or created >= oldest):
            break
        total -= size
        numbers.append(seq)
        names.append(file)
    if numbers:
        connection.execute(update(ENTRIES).where(numbered(numbers)).values(file=None, bytes=0))
    return total, names


def _forget_entries(connection: Connection, most: int) -> tuple[int, int, list[str]]:
    """Remove some of the oldest entries that are too many; how many went and stay, and the names of their files."""
    there = how_many(connection)
    if there <= most:
        return 0, there, []
    over = select(ENTRIES.c.seq).where(ENTRIES.c.status.in_(OVER)).order_by(ENTRIES.c.seq)
    numbers = connection.execute(over.limit(min(AT_ONCE, there - most))).scalars().all()
    return len(numbers), there - len(numbers), rows.remove(connection, numbers)
