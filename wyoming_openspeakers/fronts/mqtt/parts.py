"""What the MQTT front's subjects work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...config import Config
from ...events import EventBus
from ...jobs.jobs import Jobs
from ...models.gpu.monitor import GpuMonitor
from ...models.manager import ModelManager
from ...models.profiles.store import ProfileStore
from ...speech.service import SpeechService


@dataclass(frozen=True)
class Parts:
    """The parts of the service that the house can see and command."""

    config: Config
    bus: EventBus
    manager: ModelManager
    speech: SpeechService
    jobs: Jobs
    gpus: GpuMonitor
    profiles: ProfileStore
    installation: str
    """A short id of this installation that stays the same."""

    url: Callable[[], str]
    """Where others reach the side server; empty when it is off."""

    sign: Callable[[str], str] = str
    """Makes a path of the side server one that opens without its key."""
