"""Models as clients see them: what is on disk, what is in memory and what is on its way, put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ....errors import UnknownModel
from ....events import DownloadChanged, Event, EventBus, VoicesChanged
from ....models.hub.pages import page_of
from ....models.inventory import Inventory, Stock
from ....models.licences import UNKNOWN, forbids_commercial_use
from ....models.manager import ModelManager
from .types import Download, LoadFailureInfo, ModelInfo, gigabytes, languages, parameters_schema

_MOST_ENDED = 50


class ModelView:
    """Looks at the models of a manager."""

    def __init__(self, manager: ModelManager, bus: EventBus) -> None:
        self._manager = manager
        self._inventory = Inventory(manager.registry, manager.residents)
        self._ended: dict[str, DownloadChanged] = {}
        """The downloads that ended last, by name, the newest at the end."""
        bus.subscribe(self._see)

    @property
    def ended(self) -> list[DownloadChanged]:
        """The downloads that ended, the newest first."""
        return list(reversed(self._ended.values()))

    def spoil(self) -> None:
        """Say that something on disk has changed."""
        self._inventory.spoil()

    async def all(self) -> list[ModelInfo]:
        """All models."""
        stocks = await self._inventory.get()
        # One may have come since.
        models = [model for model in self._manager.registry.models if model in stocks]
        downloads = self._downloads(models)
        return [self._info(model, stocks[model], downloads.get(model)) for model in models]

    async def one(self, model: str) -> ModelInfo:
        """A model, by its id."""
        stocks = await self._inventory.get()
        if model not in stocks:
            raise UnknownModel(f"Model {model} has just gone")
        return self._info(model, stocks[model], self._downloads([model]).get(model))

    def _downloads(self, models: Sequence[str]) -> Mapping[str, DownloadChanged]:
        """The download of each model or of a voice of it: one that is under way rather than one that has ended."""
        found: dict[str, DownloadChanged] = {}
        for download in (*self._manager.downloads.active(), *self.ended):
            model = next((name for name in (download.name, *_parents(download.name)) if name in models), None)
            if model is not None:
                found.setdefault(model, download)
        return found

    def _info(self, model: str, stock: Stock, download: DownloadChanged | None) -> ModelInfo:
        manager, able = self._manager, stock.capabilities
        entry, residents = manager.registry.entry(model), manager.residents
        status = residents.state(model)
        names = [voice.name for voice in stock.voices]
        failure = manager.failures.get(model)
        return ModelInfo(
            id=model,
            name=entry.name or model,
            description=entry.description,
            engine=entry.engine,
            aliases=list(entry.aliases),
            supports_voice_cloning=able.cloning,
            supports_streaming=able.streaming,
            supports_speed=able.speed is not None,
            # A pitch is made of speed.
            supports_pitch=able.speed is not None,
            supports_dialogue=able.dialogue,
            supports_instructions=able.instructions,
            supports_voice_design=able.designs,
            supports_mixing=able.mixing,
            supports_words=able.words,
            supported_languages=languages(entry, stock),
            default_voice=entry.voice if entry.voice in names else next(iter(names), entry.voice or None),
            voices=len(names),
            sample_rate=entry.sample_rate,
            hf_repo=entry.hub.repo if entry.hub else None,
            revision=entry.hub.revision if entry.hub else None,
            url=entry.url or (page_of(entry.hub.repo) if entry.hub else ""),
            license=entry.licence or UNKNOWN,
            non_commercial=forbids_commercial_use(entry.licence),
            engine_license=able.licence,
            gated=entry.gated,
            vram_gb_estimate=gigabytes(stock.need.device),
            ram_gb_estimate=gigabytes(stock.need.host),
            installed=stock.problem is None,
            problem=stock.problem,
            load_failure=LoadFailureInfo.of(failure) if failure else None,
            disk_bytes=stock.bytes,
            downloads_by_voice=bool(entry.hub and entry.hub.is_by_voice),
            download_bytes=entry.size,
            partial_bytes=stock.partial_bytes,
            download=Download.of(download) if download else None,
            is_loaded=status == "resident",
            status=status,
            device=residents.place(model),
            memory=residents.memory(model),
            standby=entry.standby,
            keep_alive_seconds_remaining=residents.remaining(model),
            parameters=parameters_schema(entry, able),
        )

    def _see(self, event: Event) -> None:
        """Remember how downloads ended; what they brought is there at once, as is all else that brings voices."""
        if isinstance(event, VoicesChanged):
            self.spoil()
        if isinstance(event, DownloadChanged) and event.state in ("complete", "failed", "cancelled"):
            self._ended.pop(event.name, None)
            self._ended[event.name] = event
            while len(self._ended) > _MOST_ENDED:
                del self._ended[next(iter(self._ended))]
            self.spoil()


def _parents(name: str) -> list[str]:
    """`a/b` and `a` of `a/b/c`."""
    parts = name.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts) - 1, 0, -1)]
