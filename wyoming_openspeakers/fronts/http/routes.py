"""All subjects of the side server."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .api import Routes
from .batches import BatchRoutes
from .health import HealthRoutes
from .history import HistoryRoutes
from .jobs import JobRoutes
from .live import LiveRoutes
from .models import ModelRoutes
from .openai import OpenAIRoutes
from .parts import Parts
from .system import SystemRoutes
from .voices import VoiceRoutes

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
)
"""In the order in which they are described."""
