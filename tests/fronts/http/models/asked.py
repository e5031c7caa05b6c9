"""What tests ask of the models of a real service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import aiohttp
from fault_models import models_file

from wyoming_openspeakers.service import Service

COMMIT = "1" * 40
WEIGHTS = bytes(range(256)) * 4096

Ask = Callable[..., Any]


class Client:
    """Asks a service."""

    def __init__(self, session: aiohttp.ClientSession, service: Service) -> None:
        self._session = session
        self.service = service

    async def ask(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        """What is answered, which must have this status."""
        async with self._session.request(method, path, **more) as answer:
            body = await answer.json() if answer.content_type == "application/json" else await answer.text()
            assert answer.status == status, body
            return body

    async def model(self, name: str = "fault") -> Any:
        """What is told of a model."""
        return await self.ask("GET", f"/api/models/{name}")

    async def until(self, path: str, condition: Callable[[Any], bool], patience: float = 5) -> Any:
        """Ask until something is so."""
        deadline = time.monotonic() + patience
        while not condition(told := await self.ask("GET", path)):
            assert time.monotonic() < deadline, told
            await asyncio.sleep(0.02)
        return told


def one(standby: bool = False, **entry: Any) -> dict[str, Any]:
    """A models.yaml with the one model `fault`."""
    models = models_file(fault={})
    models["models"]["fault"] |= {"standby": standby, **entry}
    return models


def from_hub(files: list[str] | None = None, **entry: Any) -> dict[str, Any]:
    """A models.yaml whose model has voices in files of the hub, and another that needs none."""
    hub_files = {"repo": "owner/voices", "revision": COMMIT, "files": files or ["voices.txt", "weights.bin"]}
    models = one(standby=True)
    models["models"]["remote"] = {"engine": "faults.engine", "voice": "plain", "hub": hub_files, **entry}
    return models


async def download(it: Client, model: str, **body: Any) -> Any:
    """Download a model and wait for the end."""
    told = await it.ask("POST", f"/api/models/{model}/download", 202, json=body)
    name = told["name"]
    ended = await it.until(
        "/api/downloads", lambda told: not told["downloads"] and any(each["name"] == name for each in told["ended"])
    )
    return next(each for each in ended["ended"] if each["name"] == name)
