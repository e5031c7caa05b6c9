"""The whole service: puts the parts together, starts them in order and stops them the other way round."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from . import __version__
from .config import Config
from .errors import ConfigError
from .events import EventBus
from .fronts.http.server import HttpServer
from .fronts.wyoming.discovery import Discovery
from .fronts.wyoming.server import WyomingServer
from .models.environments import Environments
from .models.gpu_monitor import GpuMonitor
from .models.gpus import Gpus
from .models.manager import ModelManager
from .models.registry import Registry, load_registry_file
from .speech.service import SpeechService

_LOGGER = logging.getLogger(__name__)


class Service:
    """Everything below the command line."""

    def __init__(self, config: Config, models_file: Path | None = None) -> None:
        self.config = config
        self.bus = EventBus()
        data = config.data_path
        folders = [config.models_path, *(Path(path).expanduser() for path in config.models.paths)]
        self.environments = Environments(data / "environments")
        self.registry = Registry(
            load_registry_file(models_file), folders, data / "cache", config.models.threads, self.environments
        )
        gpus = Gpus(config.models.gpus)
        self.manager = ModelManager(self.registry, config, self.bus, gpus)
        self.gpus = GpuMonitor(gpus, self.bus, config.models.gpu_interval, self.manager.residents.shares)
        self.speech = SpeechService(config, self.manager, self.bus)
        self.addresses: list[str] = []
        self._running = AsyncExitStack()

    async def start(self, *, fronts: bool = True) -> None:
        """Get ready to speak and, with `fronts`, answer clients."""
        data = self.config.data_path
        try:
            data.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise ConfigError(f"Cannot use {data}: {error.strerror}; choose another with --data-dir") from None
        try:
            await self._start_speech()
            if fronts:
                await self._start_fronts()
        except BaseException:
            await self._running.aclose()
            raise

    async def stop(self) -> None:
        """Finish what is being said, for a while, and end everything."""
        self.speech.refuse_more()
        await self._running.aclose()

    def status(self) -> dict[str, Any]:
        """How things stand, for people and watchdogs."""
        return {
            "status": "ok",
            "version": __version__,
            "models": {model: self.manager.state(model) for model in self.registry.models},
            "workers": [
                {"name": worker.name, "pid": worker.pid, "busy": worker.busy} for worker in self.manager.workers()
            ],
            "memory": self.manager.residents.pools(),
            "gpus": [asdict(gpu) for gpu in self.gpus.latest.gpus] if self.gpus.latest else [],
            "waiting": self.manager.waiting(),
            "tasks": len(asyncio.all_tasks()),
        }

    async def _start_speech(self) -> None:
        self._running.push_async_callback(self.manager.stop)
        self.manager.start()
        self._running.push_async_callback(self.gpus.stop)
        self.gpus.start()
        self._running.push_async_callback(self.speech.stop)
        await self.speech.start()

    async def _start_fronts(self) -> None:
        config = self.config
        if config.http.address:
            http = HttpServer(config.http.address, self.status)
            await http.start()
            self._running.push_async_callback(http.stop)
            self.addresses.append(http.url)
        wyoming = WyomingServer(config.wyoming, self.speech, config.limits.drain)
        await wyoming.start()
        self._running.push_async_callback(wyoming.stop)
        self.addresses[:0] = wyoming.uris
        if config.wyoming.zeroconf:
            self._advertise(Discovery(wyoming.uris, config.data_path, config.wyoming.name or None))

    def _advertise(self, discovery: Discovery) -> None:
        """Become known on the network, in the background: probing for the name takes a second."""
        starting = asyncio.create_task(discovery.start(), name="discovery")

        async def stop() -> None:
            await asyncio.gather(starting, return_exceptions=True)
            await discovery.stop()

        self._running.push_async_callback(stop)
