"""Serves the console: a page, and the files that it is made of."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from ....errors import NotFound
from ..api import Call, Media, Operation, Query
from ..parts import Parts
from .files import ConsoleFile, ConsoleFiles

_TAG = "Console"

POLICY = "; ".join(
    (
        "default-src 'self'",
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
"""Nothing but the service's own files: no inline script or style, no HTML made of text, nothing from elsewhere."""

_FOR_EVER = "public, max-age=31536000, immutable"


class ConsoleRoutes:
    """The console. It tells nothing but what anybody can read in the source: it is open."""

    def __init__(self, parts: Parts) -> None:
        self._files = ConsoleFiles()

    def operations(self) -> Sequence[Operation]:
        """The page and its files."""
        return (
            Operation(
                "GET", "/", self._page, "The web console", _TAG,
                answer=Media(("text/html",), "A page"), open=True,
            ),
            Operation(
                "GET", "/console/{version}/{name:.+}", self._file, "A file of the web console", _TAG,
                answer=Media(("text/javascript", "text/css", "image/svg+xml", "text/plain"), "The file"),
                errors=(NotFound,), open=True,
                parameters={"version": "Of the console, as its page has it.", "name": "Of the file."},
            ),
        )  # fmt: skip

    async def _page(self, call: Call[None, Query]) -> web.StreamResponse:
        tag = f'"{self._files.version}"'
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache", "ETag": tag}
        if call.request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=headers)
        return _answer(call.request, self._files.page, headers)

    async def _file(self, call: Call[None, Query]) -> web.StreamResponse:
        file = self._files.find(call.path["name"])
        if file is None:
            raise NotFound("The console has no such file; it may be of another version: load the page again")
        # A page that was loaded before an update may ask for a file that it has not needed so far.
        is_own = call.path["version"] == self._files.version
        return _answer(call.request, file, {"Cache-Control": _FOR_EVER if is_own else "no-cache"})


def _answer(request: web.Request, file: ConsoleFile, headers: dict[str, str]) -> web.Response:
    headers = {**headers, "Vary": "Accept-Encoding"}
    body = file.content
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        body = file.packed
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=body, content_type=file.type, charset="utf-8", headers=headers)
