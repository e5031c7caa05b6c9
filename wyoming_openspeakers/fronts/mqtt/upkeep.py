"""Commands about models in memory and on disk, and about the phrases that are kept."""

from __future__ import annotations

import asyncio

from .command_types import ClearCacheCommand, DownloadCommand, LoadCommand, UnloadCommand
from .parts import Parts
from .settings import resolve

_PRESS = "PRESS"
"""What buttons of Home Assistant say."""


class Upkeep:
    """Loads, unloads, fetches and forgets."""

    def __init__(self, parts: Parts) -> None:
        self._manager = parts.manager
        self._cache = parts.speech.cache
        self._patience = parts.config.limits.model_load

    async def load(self, command: LoadCommand) -> None:
        """Have a model ready."""
        await self._manager.load(resolve(self._manager, command.model), command.keep_alive, self._patience)

    async def unload(self, command: UnloadCommand) -> None:
        """Free the memory of one model, after its sentences, or of all that nobody uses."""
        named = command.model if command.model != _PRESS else ""
        models = [resolve(self._manager, named)] if named else self._idle()
        await asyncio.gather(*(self._manager.unload(model) for model in models))

    async def download(self, command: DownloadCommand) -> None:
        """Begin to fetch a model, or a voice of one; how it goes on is told in events."""
        await self._manager.files.fetch(f"{command.model}/{command.voice}" if command.voice else command.model)

    async def clear_cache(self, command: ClearCacheCommand) -> None:
        """Forget all phrases."""
        await self._cache.remove()

    def _idle(self) -> list[str]:
        residents, models = self._manager.residents, self._manager.registry.models
        return [model for model in models if residents.state(model) in _IN_MEMORY and not residents.is_used(model)]


_IN_MEMORY = ("resident", "parked")
