"""What happens to every request, whichever it is: its id, the checks, errors into answers, headers."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable, Sequence

from aiohttp import web

from ...config import Config
from ...errors import ShuttingDown, SpeechError
from .api import Operation
from .asking.bodies import most_bytes, wait_to_be_asked
from .asking.handling import Handler, Handling
from .asking.uploads import UPLOADS, UploadFolder
from .door import cors
from .door.guard import Guard
from .door.in_flight import InFlight
from .door.limits import STREAMS, RequestRates, Streams
from .door.turnstile import Turnstile
from .errors import answer_to, error_of

_LOGGER = logging.getLogger(__name__)

REQUEST_ID = web.RequestKey("request_id", str)

_NAME = "wyoming-openspeakers"
_SANE_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,100}")

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'self'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""On every answer that does not set them itself. Home Assistant's ingress shows pages in a frame of its own origin."""


class Application:
    """The operations as an aiohttp application."""

    def __init__(self, config: Config, guard: Guard, uploads: UploadFolder, in_flight: InFlight) -> None:
        self._config = config
        self._guard = guard
        self._in_flight = in_flight
        self._rates = RequestRates(config.http.requests_per_minute)
        self.handling = Handling(
            guard, public_listing=config.http.public_listing, most_body=most_bytes(config.text.max_characters)
        )
        self._turnstile = Turnstile()
        self.hear: Callable[[web.Request], None] = lambda request: None
        """Told of each request before anything else."""

        self.app = web.Application(middlewares=[self._each])
        self.app[STREAMS] = Streams(config.http.max_streams)
        self.app[UPLOADS] = uploads
        self.app.on_response_prepare.append(self._set_headers)

    def add(self, operations: Sequence[Operation]) -> None:
        """Answer these."""
        paths: dict[str, web.Resource] = {}
        for operation in operations:
            if operation.path not in paths:
                paths[operation.path] = self.app.router.add_resource(operation.path)
            handler = self.handling.handler(operation)
            methods = [operation.method]
            if operation.method == "GET" and not operation.websocket:
                methods.append("HEAD")
            for method in methods:
                paths[operation.path].add_route(method, handler, expect_handler=wait_to_be_asked)

    @web.middleware
    async def _each(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.hear(request)
        request[REQUEST_ID] = request_id(request)
        began = time.monotonic()
        status: object = "cut off"
        try:
            with self._in_flight.request():
                await self._turnstile.enter()
                response = await self._answer(request, handler)
                status = response.status
                return response
        finally:
            what = (request.method, request.path, status, 1000 * (time.monotonic() - began), request[REQUEST_ID])
            # The path without its query: a key may stand there.
            _LOGGER.debug("%s %r: %s in %.0f ms, request %s", *what)

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self._check(request)
            if request.method == "OPTIONS":
                return self._options(request)
            return await handler(request)
        except SpeechError as error:
            return self._refused(request, error)
        except web.HTTPException as refusal:
            if refusal.status < 400:
                raise
            allowed = self._methods(request) if refusal.status == 405 else ()
            return self._refused(request, error_of(refusal, request.path), allowed)
        except ConnectionError:
            raise
        except asyncio.CancelledError:
            if not self._in_flight.is_cut(request):
                raise
            return self._refused(request, ShuttingDown("The service is stopping"))
        except Exception:
            _LOGGER.exception("Request %s failed: %s %r", request[REQUEST_ID], request.method, request.path)
            return self._refused(request, SpeechError(f"The service failed; see its log for {request[REQUEST_ID]}"))

    def _check(self, request: web.Request) -> None:
        self._rates.count(request.remote or "")
        self._guard.check_host(request)
        if self._in_flight.is_stopping:
            raise ShuttingDown("The service is stopping")

    def _options(self, request: web.Request) -> web.StreamResponse:
        methods = self._methods(request)
        if not methods:
            raise web.HTTPNotFound
        response = web.Response(status=204, headers={"Allow": ", ".join(methods)})
        if cors.is_preflight(request) and self._guard.allows_origin(request.headers["Origin"]):
            cors.allow_methods(methods, response.headers)
        return response

    def _methods(self, request: web.Request) -> list[str]:
        refusal = request.match_info.http_exception
        if isinstance(refusal, web.HTTPMethodNotAllowed):
            return sorted({*refusal.allowed_methods, "OPTIONS"})
        return []

    def _refused(
        self, request: web.Request, error: SpeechError, allowed: Iterable[str] = ()
    ) -> web.StreamResponse:
        if (begun := self._in_flight.answer_of(request)) is not None:
            # Too late for an answer: a client can only see that the rest is missing.
            _LOGGER.warning("Request %s was cut off: %s", request[REQUEST_ID], error)
            request.protocol.force_close()
            return begun
        response = answer_to(error, request.path)
        if allowed:
            response.headers["Allow"] = ", ".join(allowed)
        if not request.content.at_eof():
            # Nobody reads what is still to come.
            response.force_close()
        return response

    async def _set_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        self._in_flight.begin(request, response)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("X-Request-Id", request[REQUEST_ID])
        response.headers["Server"] = _NAME
        if self._config.http.origins:
            cors.allow_page(self._guard, request, response.headers)


def request_id(request: web.Request) -> str:
    """The client's own, where it is one that can stand in a log; else a new one."""
    given = request.headers.get("X-Request-Id", "")
    return given if _SANE_ID.fullmatch(given) else f"req_{secrets.token_hex(12)}"
