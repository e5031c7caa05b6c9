"""Services whose models come from a hub on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ServeProcess
from console_models import hub_settings, models_with, voice_hub
from hub_server import HubServer

ServeFrom = Callable[..., ServeProcess]


@pytest.fixture
def hub() -> Iterator[HubServer]:
    """A hub with one real voice."""
    pytest.importorskip("piper", reason="the extra [piper] is not installed")
    with voice_hub() as running:
        yield running


@pytest.fixture
def serve_from(serve: Callable[..., ServeProcess], hub: HubServer, tmp_path: Path) -> ServeFrom:
    """Start a service whose hub is the one of this machine: `serve_from({"remote": {...}}, OPENSPEAKERS__X="1")`."""

    def begin(models: dict[str, Any] | None = None, **environment: str) -> ServeProcess:
        return serve(*models_with(tmp_path, models or {}), **hub_settings(hub, tmp_path), **environment)

    return begin
