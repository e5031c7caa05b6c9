"""Proxies that have let people in already: whom they send needs no key, and nobody else can pass for them."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from side_server import serving

from wyoming_openspeakers.config import load_config
from wyoming_openspeakers.errors import ConfigError
from wyoming_openspeakers.fronts.http.api import Call, Media, Operation
from wyoming_openspeakers.fronts.http.server import HttpServer

PROXY, OTHER = "127.0.0.2", "127.0.0.3"


async def trusted(call: Call[None, None]) -> dict[str, bool]:
    return {"trusted": call.is_trusted}


async def live(call: Call[None, None]) -> web.StreamResponse:
    websocket = web.WebSocketResponse()
    await websocket.prepare(call.request)
    await websocket.send_str("hello")
    await websocket.close()
    return websocket


OPERATIONS = [
    Operation("GET", "/api/private", trusted, "Private", "Test", answer=dict[str, bool]),
    Operation("POST", "/api/private", trusted, "Private", "Test", answer=dict[str, bool]),
    Operation("GET", "/ws/live", live, "Live", "Test", answer=Media([], ""), websocket=True),
]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[HttpServer]:
    flags = {"http__api_key": "k", "http__trusted_proxies": [PROXY]}
    async with serving(tmp_path, *OPERATIONS, **flags) as server:
        yield server


def coming_from(address: str, server: HttpServer) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(server.url, connector=aiohttp.TCPConnector(local_addr=(address, 0)))


async def status(client: aiohttp.ClientSession, method: str = "GET", **headers: str) -> int:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.request(method, "/api/private", headers=given) as answer:
        return answer.status


async def test_it_needs_no_key_and_passes_on_any_name(server: HttpServer) -> None:
    async with coming_from(PROXY, server) as client:
        async with client.get("/api/private", headers={"Host": "house.example:8123"}) as answer:
            assert answer.status == 200 and await answer.json() == {"trusted": True}
        async with client.ws_connect("/ws/live", headers={"Host": "house.example"}) as websocket:
            assert await websocket.receive_str() == "hello"


async def test_nobody_else_can_say_that_they_are_it(server: HttpServer) -> None:
    async with coming_from(OTHER, server) as client:
        for name in ("X_Forwarded_For", "X_Real_IP", "Forwarded", "X_Ingress_Path"):
            assert await status(client, **{name: PROXY}) == 401
        assert await status(client, Forwarded=f"for={PROXY}") == 401
        assert await status(client, X_Forwarded_For=PROXY, Host="house.example") == 403
        with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
            await client.ws_connect("/ws/live", headers={"X-Forwarded-For": PROXY})
        assert await status(client, Authorization="Bearer k") == 200


async def test_pages_of_other_sites_cannot_use_it_either(server: HttpServer) -> None:
    async with coming_from(PROXY, server) as client:
        own, evil = "https://house.example", "https://evil.example"
        assert await status(client, "POST", Host="house.example", Origin=own) == 200
        assert await status(client, "POST", Host="inside", X_Forwarded_Host="house.example", Origin=own) == 200
        assert await status(client, "POST", Host="house.example", Origin=evil) == 403
        assert await status(client, "POST", Host="house.example", Sec_Fetch_Site="cross-site") == 403


async def test_a_request_still_has_one_host(server: HttpServer) -> None:
    async with coming_from(PROXY, server) as client:
        assert await status(client, Host="a@b") == 403


async def test_networks_may_be_named(tmp_path: Path) -> None:
    flags = {"http__api_key": "k", "http__trusted_proxies": ["127.0.0.0/30"]}
    async with serving(tmp_path, *OPERATIONS, **flags) as server:
        for address, expected in [("127.0.0.3", 200), ("127.0.0.4", 401)]:
            async with coming_from(address, server) as client:
                assert await status(client) == expected


def test_what_is_no_address_is_told() -> None:
    with pytest.raises(ConfigError, match=re.escape("http.trusted_proxies.0: must be an address or a network")):
        load_config(flags={"http.trusted_proxies": ["supervisor"]})


async def test_the_warning_about_a_missing_key_stays(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with serving(tmp_path, http__address="0.0.0.0:0", http__trusted_proxies=[PROXY]):
        assert "no key is set" in caplog.text
