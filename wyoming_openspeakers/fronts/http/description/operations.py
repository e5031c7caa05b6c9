"""The service describes itself: for programs and for people."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from aiohttp import web

from ..api import Call, Media, Operation
from .openapi import Description
from .page import PAGE_POLICY, docs_page

_TAG = "Description"


def description_operations(operations: Sequence[Operation], *, has_key: bool) -> Sequence[Operation]:
    """`/openapi.json` and `/docs`. They tell nothing but what anybody can read in the source: they are open."""

    own: list[Operation] = []
    making = asyncio.Lock()
    made: list[tuple[bytes, str]] = []

    def make() -> tuple[bytes, str]:
        all_of_it = Description([*operations, *own], has_key=has_key).document()
        return json.dumps(all_of_it, ensure_ascii=False).encode(), docs_page(all_of_it)

    async def description() -> tuple[bytes, str]:
        # Made when somebody asks: it takes a tenth of a second and some megabytes, and most houses never ask.
        async with making:
            if not made:
                made.append(await asyncio.to_thread(make))
        return made[0]

    async def document(call: Call[None, None]) -> web.StreamResponse:
        return web.Response(body=(await description())[0], content_type="application/json")

    async def page(call: Call[None, None]) -> web.StreamResponse:
        headers = {"Content-Security-Policy": PAGE_POLICY}
        return web.Response(text=(await description())[1], content_type="text/html", headers=headers)

    own += [
        Operation(
            "GET",
            "/openapi.json",
            document,
            "This description",
            _TAG,
            answer=Media(["application/json"], "An OpenAPI 3.1 document"),
            open=True,
        ),
        Operation(
            "GET",
            "/docs",
            page,
            "This description as a page",
            _TAG,
            answer=Media(["text/html"], "A page"),
            open=True,
        ),
    ]
    return own
