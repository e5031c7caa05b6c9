"""The whole service: puts the parts together, starts them in order and stops them the other way round."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__
from .addresses import reachable_url
from .config import Config
from .errors import ConfigError
from .events import EventBus
from .fronts.http.door.guard import read_key
from .fronts.http.parts import Parts
from .fronts.http.server import HttpServer
from .fronts.http.system.fronts import DiscoveryInfo, FrontsInfo, HttpInfo, MqttInfo, WyomingInfo
from .fronts.wyoming.server import WyomingServer
from .history.recorder import HistoryRecorder
from .history.store import HistoryStore
from .installation import stable_id
from .jobs.jobs import Jobs
from .links import Links
from .models.environments.environments import Environments
from .models.gpu.gpus import Gpus
from .models.gpu.monitor import GpuMonitor
from .models.hub.trending import TrendingModels
from .models.manager import ModelManager
from .models.profiles.store import ProfileStore
from .models.registry import Registry, load_registry_file
from .speech.service import SpeechService

if TYPE_CHECKING:
    from .fronts.mqtt.front import MqttFront
    from .fronts.wyoming.discovery import Discovery

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
        self.profiles = ProfileStore(
            data / "voices", config.voice.presets, self.bus, longest_upload=config.http.max_upload_seconds
        )
        self.profiles.read()
        self.manager = ModelManager(self.registry, config, self.bus, gpus, self.profiles.all)
        self.gpus = GpuMonitor(gpus, self.bus, config.models.gpu_interval, self.manager.residents.shares)
        self.history = HistoryStore(config.history, data)
        self._recorder = HistoryRecorder(self.history, config.history, self.bus)
        self.speech = SpeechService(config, self.manager, self.bus, self._recorder)
        self.jobs = Jobs(config, self.speech, self.history, self.bus)
        self.addresses: list[str] = []
        self._http = HttpInfo()
        self._wyoming: WyomingServer | None = None
        self._mqtt: MqttFront | None = None
        self._discovery: Discovery | None = None
        self._servers: list[HttpServer | WyomingServer] = []
        self._running = AsyncExitStack()

    async def start(self, *, fronts: bool = True) -> None:
        """Get ready to speak and, with `fronts`, answer clients."""
        data = self.config.data_path
        try:
            data.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise ConfigError(f"Cannot use {data}: {error.strerror}; choose another with --data-dir") from None
        try:
            if fronts:
                await self._start_history()
            await self._start_speech()
            if fronts:
                await self._start_jobs()
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
            "addresses": self.addresses,
            "models": {model: self.manager.state(model) for model in self.registry.models},
            "workers": [
                {"name": worker.name, "pid": worker.pid, "busy": worker.busy} for worker in self.manager.workers()
            ],
            "memory": self.manager.residents.pools(),
            "gpus": [asdict(gpu) for gpu in self.gpus.latest.gpus] if self.gpus.latest else [],
            "waiting": self.manager.waiting(),
            "tasks": len(asyncio.all_tasks()),
        }

    def fronts(self) -> FrontsInfo:
        """How each way in is at this moment."""
        wyoming, mqtt, discovery = self._wyoming, self._mqtt, self._discovery
        return FrontsInfo(
            wyoming=WyomingInfo.model_validate(wyoming.state, from_attributes=True) if wyoming else WyomingInfo(),
            http=self._http,
            mqtt=MqttInfo.model_validate(mqtt.state, from_attributes=True) if mqtt else MqttInfo(),
            discovery=(
                DiscoveryInfo.model_validate(discovery.state, from_attributes=True) if discovery else DiscoveryInfo()
            ),
        )

    async def _start_history(self) -> None:
        self._running.push_async_callback(self.history.stop)
        await self.history.start()
        self._running.push_async_callback(self._recorder.stop)
        await self._recorder.start()

    async def _start_jobs(self) -> None:
        self._running.push_async_callback(self.jobs.stop)
        await self.jobs.start()

    async def _start_speech(self) -> None:
        self._running.push_async_callback(self.manager.stop)
        self.manager.start()
        self._running.push_async_callback(self.gpus.stop)
        self.gpus.start()
        self._running.push_async_callback(self.speech.stop)
        await self.speech.start()

    async def _start_fronts(self) -> None:
        config = self.config
        self._running.push_async_callback(self._stop_servers)
        if config.http.address:
            http = HttpServer(self._parts())
            await http.start()
            self._servers.append(http)
            self.addresses.append(http.url)
            self._http = HttpInfo(
                address=http.url,
                public_url=config.http.public_url,
                has_tls=config.http.public_url.startswith("https:"),
                wants_key=bool(read_key(config.http)),
            )
        self._wyoming = wyoming = WyomingServer(config.wyoming, self.speech, config.limits.drain)
        await wyoming.start()
        self._servers.append(wyoming)
        self.addresses[:0] = wyoming.uris
        await self._start_mqtt()
        if config.wyoming.zeroconf:
            # Zeroconf is 5 MB of code, for those who want it.
            from .fronts.wyoming.discovery import Discovery

            self._advertise(Discovery(wyoming.uris, config.data_path, config.wyoming.name or None))

    async def _stop_servers(self) -> None:
        """Let all clients finish in the same time, not those of one server after those of the other."""
        await asyncio.gather(*(server.stop() for server in self._servers))

    async def _start_mqtt(self) -> None:
        config = self.config
        installation = await asyncio.to_thread(stable_id, config.data_path)
        if not config.mqtt.host:
            from .fronts.mqtt.goodbye import say_goodbye

            goodbye = say_goodbye(config.mqtt, config.data_path, installation)
            self._running.push_async_callback(_cancelled, asyncio.create_task(goodbye, name="MQTT goodbye"))
            return
        # Megabytes that most houses have no use for.
        from .fronts.mqtt.front import MqttFront
        from .fronts.mqtt.parts import Parts as MqttParts

        parts = MqttParts(
            config=config,
            bus=self.bus,
            manager=self.manager,
            speech=self.speech,
            jobs=self.jobs,
            gpus=self.gpus,
            profiles=self.profiles,
            installation=installation,
            url=self._url,
            sign=Links(read_key(config.http)).signed,
        )
        self._mqtt = mqtt = MqttFront(parts)
        await mqtt.start()
        self._running.push_async_callback(mqtt.stop)

    def _url(self) -> str:
        """Where other machines reach the side server; empty when it is off."""
        bound = next((address for address in self.addresses if address.startswith("http:")), "")
        return self.config.http.public_url.rstrip("/") or (bound and reachable_url(bound))

    def _parts(self) -> Parts:
        config = self.config
        return Parts(
            config=config,
            bus=self.bus,
            manager=self.manager,
            speech=self.speech,
            gpus=self.gpus,
            history=self.history,
            jobs=self.jobs,
            profiles=self.profiles,
            trending=TrendingModels(config.data_path / "cache", config.hub.token),
            status=self.status,
            fronts=self.fronts,
        )

    def _advertise(self, discovery: Discovery) -> None:
        """Become known on the network, in the background: probing for the name takes a second."""
        self._discovery = discovery
        starting = asyncio.create_task(discovery.start(), name="discovery")

        async def stop() -> None:
            await asyncio.gather(starting, return_exceptions=True)
            await discovery.stop()

        self._running.push_async_callback(stop)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
