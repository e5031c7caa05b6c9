"""All subjects of the side server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from .api import Routes

if TYPE_CHECKING:
    from .parts import Parts

_CLASSES = (
    "openai.OpenAIRoutes",
    "jobs.JobRoutes",
    "batches.BatchRoutes",
    "history.HistoryRoutes",
    "voices.VoiceRoutes",
    "models.ModelRoutes",
    "system.SystemRoutes",
    "health.HealthRoutes",
    "live.LiveRoutes",
)


def _all() -> Sequence[Callable[[Parts], Routes]]:
    found = []
    for name in _CLASSES:
        module, _, kind = name.partition(".")
        try:
            found.append(getattr(import_module(f"{__package__}.{module}"), kind))
        except (ModuleNotFoundError, AttributeError, ImportError):
            continue
    return found


ROUTES = _all()
