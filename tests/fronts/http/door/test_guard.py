"""Who may ask: names, origins, the key, and what pages of other sites may do."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from side_server import serving

from wyoming_openspeakers.config import load_config
from wyoming_openspeakers.errors import ConfigError
from wyoming_openspeakers.fronts.http.api import Call, Media, Operation
from wyoming_openspeakers.fronts.http.door.guard import is_loopback, read_key
from wyoming_openspeakers.fronts.http.server import HttpServer
from wyoming_openspeakers.links import Links

KEY = "kitchen-key-é"
PAGE = "http://homeassistant.local:8123"


async def trusted(call: Call[None, None]) -> dict[str, bool]:
    return {"trusted": call.is_trusted}


async def live(call: Call[None, None]) -> web.StreamResponse:
    websocket = web.WebSocketResponse()
    await websocket.prepare(call.request)
    await websocket.send_str("hello")
    await websocket.close()
    return websocket


Answer = dict[str, bool]
OPERATIONS = [
    Operation("GET", "/api/private", trusted, "Private", "Test", answer=Answer),
    Operation("POST", "/api/private", trusted, "Private", "Test", answer=Answer),
    Operation("GET", "/v1/private", trusted, "Private", "Test", answer=Answer),
    Operation("GET", "/api/models", trusted, "Listing", "Test", answer=Answer, listing=True),
    Operation("GET", "/healthz", trusted, "Open", "Test", answer=Answer, open=True),
    Operation("GET", "/ws/live", live, "Live", "Test", answer=Media([], ""), websocket=True),
]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    async with serving(tmp_path, *OPERATIONS) as server, aiohttp.ClientSession(server.url) as client:
        yield client


@pytest.fixture
async def locked(tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    async with serving(tmp_path, *OPERATIONS, http__api_key=KEY) as server, aiohttp.ClientSession(server.url) as client:
        yield client


async def status(client: aiohttp.ClientSession, path: str = "/api/private", method: str = "GET", **headers: str) -> int:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.request(method, path, headers=given) as answer:
        return answer.status


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic a2l0Y2hlbg==", "Bearer \xff", KEY])
async def test_without_the_key_nothing_is_told(locked: aiohttp.ClientSession, given: str) -> None:
    assert await status(locked, Authorization=given) == 401
    async with locked.get("/v1/private", headers={"Authorization": given}) as answer:
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        error = (await answer.json())["error"]
        assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", "invalid_api_key", None)


@pytest.mark.parametrize("path", ["/api/private", "/v1/private", "/api/models"])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
async def test_the_key_opens_everything(locked: aiohttp.ClientSession, path: str, scheme: str) -> None:
    async with locked.get(path, headers={"Authorization": f"{scheme} {KEY}"}) as answer:
        assert answer.status == 200 and await answer.json() == {"trusted": True}


async def test_health_is_open_and_knows_who_asks(locked: aiohttp.ClientSession) -> None:
    async with locked.get("/healthz") as answer:
        assert answer.status == 200 and await answer.json() == {"trusted": False}
    assert await status(locked, "/docs") == 200
    assert await status(locked, "/openapi.json") == 200


async def test_without_a_key_whatever_is_sent_is_ignored(client: aiohttp.ClientSession) -> None:
    for given in ("Bearer ", "Bearer sk-1234", "nonsense", ""):
        assert await status(client, Authorization=given) == 200


async def test_listings_can_be_public(tmp_path: Path, locked: aiohttp.ClientSession) -> None:
    assert await status(locked, "/api/models") == 401
    flags: dict[str, Any] = {"http__api_key": KEY, "http__public_listing": True}
    async with serving(tmp_path / "b", *OPERATIONS, **flags) as server, aiohttp.ClientSession(server.url) as client:
        assert await status(client, "/api/models") == 200
        assert await status(client, "/api/models", Authorization="Bearer ") == 200
        assert await status(client) == 401


async def test_the_key_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("from-a-file\n")
    flags = {"http__api_key_file": str(file)}
    async with serving(tmp_path, *OPERATIONS, **flags) as server, aiohttp.ClientSession(server.url) as client:
        assert await status(client) == 401
        assert await status(client, Authorization="Bearer from-a-file") == 200


def test_a_key_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for flags, said in [
        ({"http.api_key_file": str(tmp_path / "none")}, "No such file"),
        ({"http.api_key_file": str(tmp_path / "empty")}, "is empty"),
        ({"http.api_key_file": str(tmp_path / "empty"), "http.api_key": "k"}, "only one"),
    ]:
        with pytest.raises(ConfigError, match=said):
            read_key(load_config(flags=flags).http)


async def test_websockets_take_the_key_from_their_query_and_nothing_else_does(
    locked: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await locked.ws_connect("/ws/live")
    assert refusal.value.status == 401
    async with locked.ws_connect("/ws/live", params={"token": KEY}) as websocket:
        assert await websocket.receive_str() == "hello"
    async with locked.ws_connect("/ws/live", headers={"Authorization": f"Bearer {KEY}"}) as websocket:
        assert await websocket.receive_str() == "hello"
    async with locked.get("/api/private", params={"token": KEY}) as answer:
        assert answer.status == 401
    assert "kitchen" not in caplog.text


GOOD_HOSTS = ["localhost", "LOCALHOST:1234", "127.0.0.1", "192.168.7.7:8080", "[::1]:80", "localhost."]
BAD_HOSTS = ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "a@localhost", "", "local/host", "x y"]


@pytest.mark.parametrize("host", [*GOOD_HOSTS, socket.gethostname()])
async def test_the_service_answers_to_its_own_names(client: aiohttp.ClientSession, host: str) -> None:
    assert await status(client, Host=host) == 200


@pytest.mark.parametrize("host", BAD_HOSTS)
async def test_foreign_names_are_refused(client: aiohttp.ClientSession, host: str) -> None:
    for path in ("/api/private", "/healthz", "/docs", "/nothing"):
        assert await status(client, path, Host=host) == 403


async def test_names_can_be_added(tmp_path: Path) -> None:
    for hosts, host, expected in [
        (["Speech.Example"], "speech.example:443", 200),
        (["speech.example"], "other.example", 403),
        (["*"], "other.example", 200),
    ]:
        running = serving(tmp_path / host, *OPERATIONS, http__hosts=hosts)
        async with running as server, aiohttp.ClientSession(server.url) as client:
            assert await status(client, Host=host) == expected


async def test_pages_of_others_change_nothing(client: aiohttp.ClientSession) -> None:
    async def post(**headers: str) -> int:
        return await status(client, method="POST", **headers)

    assert await post() == 200
    assert await post(Origin="http://localhost:9", Host="localhost:9") == 200
    assert await post(Origin="https://localhost", Host="localhost:443") == 200
    assert await post(Origin="https://home.example", X_Forwarded_Host="home.example") == 200
    assert await post(Origin="https://home.example", Sec_Fetch_Site="same-origin") == 200
    for origin in ("http://evil.example", "null", "http://localhost:1", "", "file://"):
        assert await post(Origin=origin, Host="localhost:9") == 403
    assert await post(Sec_Fetch_Site="cross-site") == 403


async def test_pages_of_others_cannot_even_show_what_is_here(client: aiohttp.ClientSession) -> None:
    assert await status(client, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors") == 403
    assert await status(client, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate") == 200
    assert await status(client, Sec_Fetch_Site="same-origin", Sec_Fetch_Mode="no-cors") == 200


async def test_websockets_are_not_for_pages_of_others(client: aiohttp.ClientSession) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await client.ws_connect("/ws/live", headers={"Origin": "http://evil.example"})
    assert refusal.value.status == 403
    async with client.ws_connect("/ws/live", headers={"Origin": "http://localhost", "Host": "localhost"}) as websocket:
        assert await websocket.receive_str() == "hello"


async def test_pages_may_not_read_answers_unless_they_are_named(tmp_path: Path, client: aiohttp.ClientSession) -> None:
    asks = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
    async with client.options("/api/private", headers=asks) as answer:
        assert not [name for name in answer.headers if name.startswith("Access-Control")]
    flags: dict[str, Any] = {"http__origins": [f"{PAGE}/"], "http__api_key": KEY}
    async with serving(tmp_path / "b", *OPERATIONS, **flags) as server, aiohttp.ClientSession(server.url) as named:
        async with named.options("/api/private", headers=asks) as answer:
            assert answer.status == 204
            assert answer.headers["Access-Control-Allow-Origin"] == PAGE
            assert "POST" in answer.headers["Access-Control-Allow-Methods"]
            assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
            assert answer.headers["Access-Control-Max-Age"] == "600" and "Origin" in answer.headers["Vary"]
            assert "Access-Control-Allow-Credentials" not in answer.headers
        headers = {"Origin": PAGE, "Authorization": f"Bearer {KEY}", "Sec-Fetch-Site": "cross-site"}
        async with named.post("/api/private", headers=headers) as answer:
            assert answer.status == 200 and answer.headers["Access-Control-Allow-Origin"] == PAGE
        async with named.post("/api/private", headers={"Origin": PAGE}) as answer:
            # The page must be able to read why.
            assert answer.status == 401 and answer.headers["Access-Control-Allow-Origin"] == PAGE
        async with named.options("/api/private", headers={**asks, "Origin": "http://evil.example"}) as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers and "Origin" in answer.headers["Vary"]


async def test_each_answer_is_safe_to_show(client: aiohttp.ClientSession) -> None:
    for path in ("/api/private", "/nothing", "/docs"):
        async with client.get(path) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'") and "frame-ancestors 'self'" in policy
            assert "unsafe" not in policy


@pytest.mark.parametrize("host_lines", [b"", b"Host: localhost\r\nHost: evil.example\r\n"])
async def test_a_request_has_one_host(tmp_path: Path, host_lines: bytes) -> None:
    async with serving(tmp_path, *OPERATIONS) as server:
        answer = await exchange(server, b"GET /healthz HTTP/1.1\r\nConnection: close\r\n" + host_lines + b"\r\n")
        assert answer.split()[1] in (b"400", b"403")


async def test_an_old_client_need_not_name_a_host(tmp_path: Path) -> None:
    async with serving(tmp_path, *OPERATIONS) as server:
        assert (await exchange(server, b"GET /healthz HTTP/1.0\r\n\r\n")).startswith(b"HTTP/1.0 200")


async def exchange(server: HttpServer, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    writer.write(data)
    try:
        async with asyncio.timeout(5):
            return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize(("host", "expected"), [("127.0.0.1", True), ("[::1]", True), ("localhost", True)])
def test_what_only_this_machine_reaches(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
    assert not is_loopback("0.0.0.0") and not is_loopback("[::]") and not is_loopback("192.168.1.2")


async def test_a_signed_link_opens_audio_and_nothing_else(tmp_path: Path) -> None:
    audio = Operation("GET", "/api/sound/{id}/audio", trusted, "Sound", "Test", answer=Answer, by_link=True)
    other = Operation("GET", "/api/sound/{id}", trusted, "Other", "Test", answer=Answer)
    sign = Links(KEY).signed
    async with (
        serving(tmp_path, audio, other, http__api_key=KEY) as server,
        aiohttp.ClientSession(server.url) as client,
    ):
        for path, status in (
            ("/api/sound/1/audio", 401),
            (sign("/api/sound/1/audio"), 200),
            (sign("/api/sound/1/audio").replace("/1/", "/2/"), 401),
            (sign("/api/sound/1"), 401),
        ):
            async with client.get(path) as answer:
                assert answer.status == status, path
                if status == 200:
                    assert await answer.json() == {"trusted": False}
