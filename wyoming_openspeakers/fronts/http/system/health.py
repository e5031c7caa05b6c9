"""Whether the service is well, for watchdogs and people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web
from pydantic import BaseModel, Field

from .... import __version__
from ....errors import ModelUnavailable, OutOfMemory, SpeechError
from ....events import ModelState
from ..api import Call, Operation
from ..parts import Parts
from .compute import compute_device

_TAG = "System"


class Health(BaseModel):
    """Whether the service can speak."""

    status: str = Field(description="ok, or unavailable when the default voice cannot speak.")
    version: str
    device: str = Field(description="The best that models can run on here: cpu, mps, cuda:0 (its name).")
    voice: str | None = Field(description="The default voice.")
    model: ModelState | None = Field(description="Where the model of that voice is.")
    problem: str | None = Field(description="Why it cannot speak, and how to mend that.")


class HealthRoutes:
    """Tells how the service is."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def operations(self) -> Sequence[Operation]:
        """What can be asked about it."""
        return (
            Operation(
                "GET",
                "/health",
                self._health,
                "How the whole service is",
                _TAG,
                "Without the key, where there is one, it tells only that the service runs.",
                answer=dict[str, Any],
                open=True,
            ),
            Operation(
                "GET",
                "/healthz",
                self._healthz,
                "Whether the service can speak",
                _TAG,
                "200, or 503 when the default voice cannot speak.",
                answer=Health,
                errors=(OutOfMemory,),
                open=True,
            ),
        )

    async def _health(self, call: Call[None, None]) -> dict[str, Any]:
        status = self._parts.status()
        return status if call.is_trusted else {"status": status["status"], "version": __version__}

    async def _healthz(self, call: Call[None, None]) -> web.Response:
        manager = self._parts.manager
        problem, voice, model = None, None, None
        try:
            chosen = (await manager.voices()).default()
            voice, model = chosen.installed.name, chosen.model
            manager.residents.check(model)
        except SpeechError as error:
            problem = str(error)
        health = Health(
            status="unavailable" if problem else "ok",
            version=__version__,
            device=compute_device(manager),
            voice=voice,
            model=manager.state(model) if model else None,
            problem=problem if call.is_trusted else problem and "The default voice cannot speak",
        )
        if not problem:
            return web.json_response(health.model_dump())
        refusal = {"detail": health.problem, "code": ModelUnavailable.code, "param": None}
        return web.json_response({**health.model_dump(), **refusal}, status=503)
