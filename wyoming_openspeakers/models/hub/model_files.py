"""The files of models while the service runs: fetched and removed by name, and never under somebody's feet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ...config import Config
from ...errors import Conflict, InvalidRequest, ModelUnavailable, NotFound
from ...events import DownloadChanged
from ..memory.residents import Residents
from ..registry import Registry
from ..side_thread import in_side_thread
from .downloads import Downloads
from .installed import read_records, remove, size_on_disk
from .names import files_of, is_listed, removable, split
from .on_demand import OnDemand


class ModelFiles:
    """Fetches and removes files of models."""

    def __init__(
        self, config: Config, registry: Registry, downloads: Downloads, on_demand: OnDemand, residents: Residents
    ) -> None:
        self._config = config
        self._registry = registry
        self._downloads = downloads
        self._on_demand = on_demand
        self._residents = residents
        self.on_removed: Callable[[], None] = lambda: None
        """Called when files are gone."""

    async def fetch(self, name: str) -> DownloadChanged:
        """Begin to download a model, a voice of one such as `piper/de_DE-thorsten-medium`, or any model of the hub.

        What keeps it from beginning is raised; how it goes on is told on the bus.
        """
        if not is_listed(self._registry, name):
            await self._on_demand.begin(name)
            return self._told(name)
        model, voice = self._split(name)
        name = f"{model}/{voice}" if voice else model
        _, files = await asyncio.to_thread(files_of, self._registry, name)
        self._downloads.fetch(name, self._registry.folder(model), files)
        return self._told(name)

    def downloads(self, model: str) -> list[DownloadChanged]:
        """The downloads of a model and of its voices that wait or run."""
        return [told for told in self._downloads.active() if told.name == model or told.name.startswith(f"{model}/")]

    def cancel(self, model: str) -> list[str]:
        """End the downloads of a model, to go on another time; their names."""
        return [told.name for told in self.downloads(model) if self._downloads.cancel(told.name)]

    async def remove(self, name: str) -> int:
        """Delete what was downloaded of a model, of all its voices or of one; returns the bytes freed.

        A model that is in memory and not in use is unloaded first.
        """
        model, voice = self._split(name) if is_listed(self._registry, name) else (name, "")
        known = self._registry.resolve(model)
        if self.downloads(f"{model}/{voice}" if voice else model):
            raise Conflict(f"{name} is being downloaded; cancel that first")
        if known and self._registry.entry(known).hub is None:
            raise ModelUnavailable(f"Model {model} has no files on the hub; there is nothing to remove")
        if known:
            await self._clear(known)
        freed = await in_side_thread(lambda: self._remove(model, voice), f"remove {name}")
        if known and not await asyncio.to_thread(read_records, self._registry.folder(known)):
            self._registry.forget(known)
        self.on_removed()
        return freed

    def _split(self, name: str) -> tuple[str, str]:
        """The id of a model, and the voice where each is a download of its own."""
        model, voice = split(self._registry, name)
        hub = self._registry.entry(model).hub
        if voice and hub and not hub.is_by_voice:
            raise InvalidRequest(f"The voices of {model} come and go together; name no voice", "voice")
        return model, voice

    async def _clear(self, model: str) -> None:
        """Have a model in no memory."""
        if self._residents.is_used(model) or self._residents.state(model) == "loading":
            raise Conflict(f"Model {model} is in use; unload it first, or try again later")
        await self._residents.send_away(model, "cold")

    def _remove(self, model: str, voice: str) -> int:
        known = self._registry.resolve(model)
        if voice:
            folder, files = removable(self._registry, self._config.models_path, f"{model}/{voice}")
        elif known:
            folder, files = self._registry.folder(known), None
        else:
            folder, files = removable(self._registry, self._config.models_path, model)
        had = size_on_disk(folder)
        freed = remove(folder, files) if had else 0
        if not freed:
            text = f"Nothing of {model}{'/' if voice else ''}{voice} was downloaded"
            if known and not voice and any(size_on_disk(place) for place in self._registry.places(known)):
                raise Conflict(f"{text} by this service; its files are yours, or another program's, to remove")
            raise NotFound(text)
        return freed

    def _told(self, name: str) -> DownloadChanged:
        """A download as it was told about last; one that is not there any more needed no time."""
        return next((told for told in self._downloads.active() if told.name == name), DownloadChanged(name, "complete"))
