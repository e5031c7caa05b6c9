"""Home Assistant's ingress on this machine: passes pages, uploads and web sockets on as the Supervisor does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict

PREFIX = "/api/hassio_ingress/k3x9"
_DROPPED = {
    name.lower()
    for name in (
        hdrs.CONTENT_LENGTH, hdrs.CONTENT_ENCODING, hdrs.TRANSFER_ENCODING, hdrs.SEC_WEBSOCKET_EXTENSIONS,
        hdrs.SEC_WEBSOCKET_PROTOCOL, hdrs.SEC_WEBSOCKET_VERSION, hdrs.SEC_WEBSOCKET_KEY,
    )
}  # fmt: skip
_WHOLE = 4_194_000
"""Answers of fewer bytes, where their length is known, are read before they are passed on."""


@contextmanager
def ingress(target: str) -> Iterator[str]:
    """As `ingress_proxy`, from a thread of its own: browsers are driven by tests that have no event loop."""
    started: Future[tuple[str, Callable[[], object]]] = Future()

    async def serve() -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        async with ingress_proxy(target) as pages:
            started.set_result((pages, lambda: loop.call_soon_threadsafe(over.set)))
            await over.wait()

    with ThreadPoolExecutor(1) as pool:
        serving = pool.submit(asyncio.run, serve())
        pages, stop = started.result(10)
        try:
            yield pages
        finally:
            stop()
            serving.result(10)


@asynccontextmanager
async def ingress_proxy(target: str, address: str = "127.0.0.1") -> AsyncIterator[str]:
    """Where the pages of a service are, without a slash at the end; its requests come to the target from an address."""
    connector = aiohttp.TCPConnector(local_addr=(address, 0))
    async with aiohttp.ClientSession(connector=connector, auto_decompress=True) as session:

        async def handle(request: web.Request) -> web.StreamResponse:
            url = f"{target.rstrip('/')}/{request.match_info['path']}"
            if request.headers.get(hdrs.UPGRADE, "").lower() == "websocket":
                return await _pass_websocket(session, request, url)
            return await _pass_request(session, request, url)

        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", f"{PREFIX}/{{path:.*}}", handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}{PREFIX}"
        finally:
            await runner.cleanup()


def _headers(request: web.Request) -> CIMultiDict[str]:
    kept = [(name, value) for name, value in request.headers.items() if name.lower() not in _DROPPED]
    headers = CIMultiDict(kept)
    headers["X-Forwarded-For"] = f"{request.headers.get('X-Forwarded-For')}, {request.remote}"
    headers["X-Forwarded-Host"] = request.host
    headers["X-Ingress-Path"] = PREFIX
    return headers


async def _pass_request(session: aiohttp.ClientSession, request: web.Request, url: str) -> web.StreamResponse:
    # A body of a POST goes through as it comes, as the add-on asks for it: ingress_stream.
    body = request.content if request.method == "POST" else await request.read()
    async with session.request(
        request.method, url, headers=_headers(request), params=request.query, data=body, allow_redirects=False,
        skip_auto_headers={hdrs.CONTENT_TYPE},
    ) as answer:  # fmt: skip
        headers = CIMultiDict(
            (name, value)
            for name, value in answer.headers.items()
            if name.lower() not in _DROPPED | {hdrs.CONTENT_TYPE.lower()}
        )
        if int(answer.headers.get(hdrs.CONTENT_LENGTH, _WHOLE)) < _WHOLE:
            return web.Response(
                status=answer.status, headers=headers, content_type=answer.content_type, body=await answer.read()
            )
        response = web.StreamResponse(status=answer.status, headers=headers)
        response.content_type = answer.content_type
        await response.prepare(request)
        async for data, _ in answer.content.iter_chunks():
            await response.write(data)
        return response


async def _pass_websocket(session: aiohttp.ClientSession, request: web.Request, url: str) -> web.WebSocketResponse:
    outer = web.WebSocketResponse(autoclose=False, autoping=False)
    await outer.prepare(request)
    if request.query_string:
        url = f"{url}?{request.query_string}"
    async with session.ws_connect(url, headers=_headers(request), autoclose=False, autoping=False) as inner:
        both = [asyncio.ensure_future(_forward(outer, inner)), asyncio.ensure_future(_forward(inner, outer))]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
    await outer.close()
    return outer


_Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _forward(source: _Socket, target: _Socket) -> None:
    async for message in source:
        match message.type:
            case aiohttp.WSMsgType.TEXT:
                await target.send_str(message.data)
            case aiohttp.WSMsgType.BINARY:
                await target.send_bytes(message.data)
            case aiohttp.WSMsgType.PING:
                await target.ping()
            case aiohttp.WSMsgType.PONG:
                await target.pong()
