"""The history: everything that was spoken, and the jobs that are still to be."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy.exc import DBAPIError

from ..config.tree import HistoryConfig
from ..errors import ConfigError
from . import index, rows
from .audio_files import AudioFiles, make_private_folder
from .clearing import remove_found
from .database import Database, HistoryUnavailable, companions, database_url, is_damage, make_private, one_line
from .entry import OVER, Entry, Page, Search
from .pages import find
from .retention import Retention
from .schema import bring_up_to_date

_LOGGER = logging.getLogger(__name__)

_DAMAGED = "history.db.damaged"

_NONE: Final[Mapping[str, Path]] = MappingProxyType({})


class HistoryStore:
    """Keeps entries and their audio."""

    def __init__(self, config: HistoryConfig, data: Path) -> None:
        self._config = config
        self._data = data
        self._marker = data / _DAMAGED
        self._database = Database(database_url(config.database.get_secret_value(), data / "history.db"))
        self._database.on_damage = self._note_damage
        self._files = AudioFiles(data / "history" / "audio")
        self._retention = Retention(config, self._database, lambda: self._files)

    async def start(self) -> None:
        """Open the database, in the form of this version."""
        try:
            await self._open()
        except HistoryUnavailable:
            # What is damaged is moved aside by another try.
            if not self._marker.exists():
                raise
            await self._open()

    async def _open(self) -> None:
        await asyncio.to_thread(self._prepare)
        self._database.open()
        try:
            identity = await self._database.write(rows.get_ready, secrets.token_hex(4))
            self._files = AudioFiles(self._data / "history" / "audio" / identity)
            kept = await self._database.read(rows.files)
            if others := await asyncio.to_thread(self._files.remove_others, kept):
                _LOGGER.info("Removed %d audio files that were being written when the service was ended", others)
            await self._retention.start()
        except BaseException:
            await self._database.close()
            raise

    async def stop(self) -> None:
        """Finish what is being written."""
        await self._retention.stop()
        await self._database.close()

    async def add(self, *entries: Entry, audio: Mapping[str, Path] = _NONE) -> None:
        """Keep new entries, with the files, whole by now, of those that have audio; they are on disk after this."""
        if not entries:
            return
        kept = await asyncio.to_thread(lambda: {id: _kept(path) for id, path in audio.items()}) if audio else {}
        added = [self._to_keep(vars(entry) | kept.get(entry.id, {})) for entry in entries]
        await self._database.write(rows.add, added)
        self._retention.look(added=len(entries), size=sum(fields["bytes"] for fields in kept.values()))

    async def change(self, entry_id: str, **fields: Any) -> Entry:
        """Change fields of an entry; what it is then."""
        entry, files = await self._database.write(rows.change, entry_id, self._to_keep(fields))
        if files:
            await asyncio.to_thread(self._files.remove, files)
        if entry.status in OVER and not self._config.texts:
            await self._scrub()
        return entry

    async def get(self, entry_id: str) -> Entry:
        """One entry."""
        return await self._database.read(rows.get, entry_id)

    async def page(self, search: Search) -> Page:
        """A part of the entries that are searched for; what came last is first."""
        return await self._database.read(find, search)

    async def batch(self, batch_id: str) -> list[Entry]:
        """All entries of a batch, by their positions."""
        return await self._database.read(rows.batch, batch_id)

    async def unfinished(self) -> list[Entry]:
        """What is still to be spoken, the oldest first."""
        return await self._database.read(rows.unfinished)

    async def delete(self, *ids: str) -> None:
        """Remove entries with their audio, so that nothing is left of them."""
        files = await self._database.write(rows.delete, ids)
        await self._wipe(files)

    async def delete_found(self, search: Search) -> int:
        """Remove what is over of all that is found, on any page; how many entries. What comes meanwhile stays."""
        removed, before = 0, await self._database.read(index.next_number)
        while before:
            numbers, files, before = await self._database.write(remove_found, search, before)
            await asyncio.to_thread(self._files.remove, files)
            removed += numbers
        await self._scrub()
        return removed

    def file(self, entry: Entry) -> Path | None:
        """The audio of an entry, where it is kept."""
        if entry.file is None or not self._files.has(entry.file):
            return None
        return self._files.path(entry.file)

    def new_file(self, entry_id: str, audio_format: str) -> Path:
        """An empty file for the audio of an entry, to be filled and then kept; it blocks for a moment."""
        return self._files.new(audio_format)

    async def keep(self, entry_id: str, path: Path) -> None:
        """Make a file, whole by now, the audio of an entry."""
        fields = await asyncio.to_thread(_kept, path)
        try:
            _, files = await self._database.write(rows.change, entry_id, fields)
        except BaseException:
            await asyncio.to_thread(self._files.remove, [path.name])
            raise
        await asyncio.to_thread(self._files.remove, files)
        self._retention.look(size=fields["bytes"])

    @property
    def folder(self) -> Path:
        """Where the audio is."""
        return self._files.folder

    async def behind(self) -> int:
        """How many entries are not in the index of words yet; they are found nevertheless."""
        return await self._database.read(index.behind)

    async def settle(self) -> None:
        """Wait until all words are indexed and nothing is kept for too long."""
        await self._retention.run()

    def _to_keep(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """Without texts that are not to be kept; those of jobs are, until they are spoken."""
        if not self._config.texts and (fields.get("status") in OVER or fields.get("kind") == "live"):
            return {**fields, "text": None}
        return fields

    async def _wipe(self, files: list[str]) -> None:
        await asyncio.to_thread(self._files.remove, files)
        await self._scrub()

    async def _scrub(self) -> None:
        await self._database.scrub()
        if self._database.is_to_be_scrubbed:
            self._retention.wake()

    def _prepare(self) -> None:
        url, file = self._database.url, self._database.file
        try:
            if file:
                make_private_folder(file.parent)
                if self._marker.exists():
                    self._move_aside(file)
                make_private(file)
            try:
                bring_up_to_date(url)
            except DBAPIError as error:
                if not file or not is_damage(error):
                    raise
                self._move_aside(file)
                make_private(file)
                bring_up_to_date(url)
        except DBAPIError as error:
            raise ConfigError(f"The history's database cannot be used: {one_line(error, url)}") from None
        except OSError as error:
            raise ConfigError(f"The history cannot be kept in {file}: {error.strerror}") from None

    def _move_aside(self, file: Path) -> None:
        aside = f"{file.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}"
        for path in (file, *companions(file)):
            if path.exists():
                path.rename(file.with_name(path.name.replace(file.name, aside, 1)))
        self._marker.unlink(missing_ok=True)
        _LOGGER.warning("%s is damaged; it was moved to %s, and a new history is begun", file, aside)

    def _note_damage(self) -> None:
        """So that the next start begins a new history."""
        if not self._marker.exists():
            self._marker.touch()
            _LOGGER.error("The history in %s is damaged; the next start moves it aside", self._database.file)


__all__ = ["HistoryStore", "HistoryUnavailable"]


def _kept(path: Path) -> dict[str, Any]:
    """What an entry says of the file of its audio, which is for the owner alone."""
    path.chmod(0o600)
    return {"file": path.name, "format": path.suffix.removeprefix("."), "bytes": path.stat().st_size}
