"""Lets the web pages that the configuration names use the service."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web
from multidict import CIMultiDict

from .guard import Guard

_HEADERS = "Authorization, Content-Type, X-Request-Id"
_EXPOSED = "X-Request-Id, Retry-After, Content-Disposition"
_MAX_AGE = "600"


def is_preflight(request: web.Request) -> bool:
    """A browser asks whether a page may ask."""
    return request.method == "OPTIONS" and {"Origin", "Access-Control-Request-Method"} <= request.headers.keys()


def allow_page(guard: Guard, request: web.Request, headers: CIMultiDict[str]) -> None:
    """Tell a browser that the page may read this answer. Never with cookies: there are none."""
    headers.add("Vary", "Origin")
    origin = request.headers.get("Origin")
    if origin is not None and guard.allows_origin(origin):
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = _EXPOSED
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"


def allow_methods(methods: Iterable[str], headers: CIMultiDict[str]) -> None:
    """Tell a browser what the page may ask."""
    headers["Access-Control-Allow-Methods"] = ", ".join(sorted(methods))
    headers["Access-Control-Allow-Headers"] = _HEADERS
    headers["Access-Control-Max-Age"] = _MAX_AGE
