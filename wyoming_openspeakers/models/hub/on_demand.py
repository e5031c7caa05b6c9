"""Models of the hub that are in no list, fetched when a client names them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from ...config import Config
from ...errors import ModelFilesError, UnknownModel
from ..registry import Registry, folder_name
from ..side_thread import in_side_thread
from .downloads import Downloads
from .engine import supported_types
from .installed import Record, installed
from .lookup import look_up, parse_name
from .progress import as_bytes

_LOGGER = logging.getLogger(__name__)
_MOST_LOOK_UPS = 4


def add_fetched(registry: Registry, models: Path) -> None:
    """Have the registry know the models that were fetched on demand before."""
    if not supported_types():
        return
    for folder in sorted(models.glob("*--*")):
        if (record := _fetched(folder)) and registry.resolve(record.repo) is None:
            registry.add_on_demand(record.repo, record.commit)


def check_allowed(config: Config, name: str) -> None:
    """Raise when no model of the hub may be fetched."""
    if not config.hub.on_demand:
        raise UnknownModel(
            f"There is no model {name!r} in the lists; to allow any model of the hub set hub.on_demand to true"
        )


class OnDemand:
    """Gets models by their names on the hub."""

    def __init__(
        self, config: Config, registry: Registry, downloads: Downloads, *, endpoint: str | None = None
    ) -> None:
        self._config = config
        self._registry = registry
        self._downloads = downloads
        self._endpoint = endpoint
        self._looking_up = asyncio.Semaphore(_MOST_LOOK_UPS)
        self._getting: dict[str, _Getting] = {}
        self.on_added: Callable[[], None] = lambda: None
        """Called when the registry knows one more model."""

    def restore(self) -> None:
        """Know again what was fetched before."""
        add_fetched(self._registry, self._config.models_path)

    async def get(self, repo: str) -> str:
        """The id of a model that is named by its repository, `owner/name`, fetched when it is not here.

        Everyone who asks for it meanwhile waits for the same download, which goes on when they leave.
        """
        if known := self._known(repo):
            return known
        return await asyncio.shield(self._begun(repo).task)

    async def begin(self, repo: str) -> None:
        """Have a model fetched as `get` does, and wait only until its files are on their way."""
        if self._known(repo) is None:
            getting = self._begun(repo)
            waiting = asyncio.ensure_future(getting.has_offer.wait())
            try:
                await asyncio.wait([getting.task, waiting], return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()
            if getting.task.done():
                getting.task.result()

    async def stop(self) -> None:
        """Leave what is being asked for; the downloads end by themselves."""
        tasks = [getting.task for getting in self._getting.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _known(self, repo: str) -> str | None:
        """The id of a model that is here."""
        if known := self._registry.resolve(repo):
            return known
        if parse_name(repo) != (repo, ""):
            raise UnknownModel(f"There is no model {repo!r}")
        if supported_types() and (record := _fetched(self._folder(repo))):
            return self._add(repo, record.commit)
        return None

    def _begun(self, repo: str) -> _Getting:
        """The fetching of a model, which begins now unless somebody else asked for it."""
        check_allowed(self._config, repo)
        getting = self._getting.get(repo)
        if getting is None:
            getting = self._getting[repo] = _Getting()
            getting.task = asyncio.create_task(self._get(repo, getting.has_offer), name=f"get {repo}")
            getting.task.add_done_callback(lambda ended: self._forget(repo, ended))
        return getting

    def _forget(self, name: str, task: asyncio.Task[str]) -> None:
        del self._getting[name]
        if not task.cancelled():
            # Whoever asked may have left.
            task.exception()

    def _folder(self, repo: str) -> Path:
        return self._config.models_path / folder_name(repo)

    async def _get(self, repo: str, has_offer: asyncio.Event) -> str:
        token = self._config.hub.token.get_secret_value()
        async with self._looking_up:
            offer = await in_side_thread(lambda: look_up(repo, token=token, endpoint=self._endpoint), f"look up {repo}")
        _LOGGER.info("Fetching %s, a model of the type %s: %s", repo, offer.model_type, as_bytes(offer.size))
        download = self._downloads.fetch(repo, self._folder(repo), offer.files)
        has_offer.set()
        try:
            await asyncio.shield(download)
        except asyncio.CancelledError:
            if download.cancelled():
                raise ModelFilesError(f"The download of {repo} was cancelled; what has come is kept.") from None
            raise
        return self._add(repo, offer.files.revision)

    def _add(self, repo: str, revision: str) -> str:
        model = self._registry.add_on_demand(repo, revision)
        self.on_added()
        return model


class _Getting:
    """A model that is being fetched."""

    task: asyncio.Task[str]

    def __init__(self) -> None:
        self.has_offer = asyncio.Event()
        """Set when the hub has it and its download has begun."""


def _fetched(folder: Path) -> Record | None:
    """The model that was fetched to a folder; the last one, were there several revisions."""
    records = [record for record in installed(folder) if folder_name(record.repo) == folder.name]
    return records[-1] if records else None
