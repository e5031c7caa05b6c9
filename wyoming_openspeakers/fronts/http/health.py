"""Whether the service is well, for watchdogs and people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

Status = Callable[[], dict[str, Any]]


def health_routes(status: Status) -> list[web.RouteDef]:
    """`/health`: 200 with the state of models and workers as JSON."""

    async def health(request: web.Request) -> web.Response:
        return web.json_response(status())

    return [web.get("/health", health)]
