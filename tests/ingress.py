"""A proxy that gives a service the address that it has behind Home Assistant: below a prefix, and nowhere else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from aiohttp import web

PREFIX = "/api/hassio_ingress/token"

_PASSED = {"accept", "accept-encoding", "content-type", "origin", "sec-fetch-site", "sec-fetch-mode"}
_RETURNED = ("Content-Type", "Content-Encoding", "Content-Security-Policy", "Cache-Control", "ETag")


@contextmanager
def ingress(url: str) -> Iterator[str]:
    """Pass on to a service, from a thread of its own: browsers are driven by tests that have no event loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    runner = web.AppRunner(_proxy(url), shutdown_timeout=0.1)

    async def begin() -> str:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}{PREFIX}"

    async def end() -> None:
        await runner.cleanup()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    try:
        yield asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _proxy(url: str) -> web.Application:
    """What passes all below the prefix on, and knows nothing else."""

    async def pass_on(request: web.Request) -> web.StreamResponse:
        path = request.path_qs.removeprefix(PREFIX)
        headers = {name: value for name, value in request.headers.items() if name.lower() in _PASSED}
        headers["X-Forwarded-Host"] = request.headers["Host"]
        async with aiohttp.ClientSession(url, auto_decompress=False) as session:
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await _pass_socket(session, request, path, headers)
            body = await request.read()
            async with session.request(request.method, path, headers=headers, data=body or None) as answer:
                response = web.StreamResponse(status=answer.status)
                response.headers.update({name: answer.headers[name] for name in _RETURNED if name in answer.headers})
                await response.prepare(request)
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
                return response

    app = web.Application()
    app.router.add_route("*", PREFIX + "/{path:.*}", pass_on)
    return app


async def _pass_socket(
    session: aiohttp.ClientSession, request: web.Request, path: str, headers: dict[str, str]
) -> web.StreamResponse:
    here = web.WebSocketResponse()
    async with session.ws_connect(path, headers=headers) as there:
        await here.prepare(request)
        async for message in there:
            if here.closed:
                break
            await here.send_str(message.data)
    return here
