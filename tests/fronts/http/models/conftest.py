"""Services over HTTP, and a hub that they fetch models from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fronts.http.models.asked import COMMIT, WEIGHTS, Client
from hub_server import HubServer, Repo, hub_server

from wyoming_openspeakers.models.hub import fetch as hub
from wyoming_openspeakers.models.hub import lookup as hub_lookup
from wyoming_openspeakers.models.hub import on_demand, trending
from wyoming_openspeakers.models.hub.client import hub_client

StartService = Callable[..., Any]


@pytest.fixture
async def client(start: StartService) -> AsyncIterator[Callable[..., Any]]:
    """A client of a new service: `async with client(models) as it`."""

    @asynccontextmanager
    async def begin(models: dict[str, Any] | None = None, **flags: Any) -> AsyncIterator[Client]:
        service = await start(models, **flags)
        url = next(address for address in service.addresses if address.startswith("http:"))
        async with aiohttp.ClientSession(url) as session:
            yield Client(session, service)

    yield begin


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    monkeypatch.setattr(hub, "_RETRY_AFTER", (0, 0))
    for module in (hub_lookup, on_demand):
        monkeypatch.setattr(module, "supported_types", lambda: frozenset({"vits"}))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with hub_server() as running:
        for module in (hub, hub_lookup, trending):
            monkeypatch.setattr(module, "hub_client", lambda token=None, endpoint=None: hub_client(token, running.url))
        running.repos["owner/voices"] = Repo(COMMIT, {"voices.txt": b"anna berta", "weights.bin": WEIGHTS})
        by_voice = {f"{voice}/{voice}.bin": voice.encode() * 9 for voice in ("de_DE-a-low", "de_DE-b-low")}
        running.repos["owner/each"] = Repo(COMMIT, by_voice)
        running.repos["owner/tts"] = Repo(
            COMMIT,
            {"config.json": b'{"model_type": "vits"}', "model.safetensors": WEIGHTS},
            details={"pipeline_tag": "text-to-speech"},
        )
        yield running
