"""What the side server's subjects work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...config import Config
from ...events import EventBus
from ...history.store import HistoryStore
from ...jobs.jobs import Jobs
from ...models.gpu.monitor import GpuMonitor
from ...models.hub.trending import TrendingModels
from ...models.manager import ModelManager
from ...models.profiles.store import ProfileStore
from ...speech.service import SpeechService
from .system.fronts import FrontsInfo


@dataclass(frozen=True)
class Parts:
    """The parts of the service that HTTP clients can reach."""

    config: Config
    bus: EventBus
    manager: ModelManager
    speech: SpeechService
    gpus: GpuMonitor
    history: HistoryStore
    jobs: Jobs
    profiles: ProfileStore
    trending: TrendingModels
    status: Callable[[], dict[str, Any]]
    """How the whole service is."""

    fronts: Callable[[], FrontsInfo]
    """How each way into it is."""
