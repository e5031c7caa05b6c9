"""All subjects of the side server."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .api import Routes
from .console.routes import ConsoleRoutes
from .jobs.batches import BatchRoutes
from .jobs.history import HistoryRoutes
from .jobs.jobs import JobRoutes
from .live.routes import LiveRoutes
from .models.routes import ModelRoutes
from .openai.routes import OpenAIRoutes
from .parts import Parts
from .system.health import HealthRoutes
from .system.routes import SystemRoutes
from .voices.routes import VoiceRoutes

ROUTES: Sequence[Callable[[Parts], Routes]] = (
    OpenAIRoutes,
    JobRoutes,
    BatchRoutes,
    VoiceRoutes,
    ModelRoutes,
    HistoryRoutes,
    LiveRoutes,
    SystemRoutes,
    HealthRoutes,
    ConsoleRoutes,
)
"""In the order in which they are described."""
