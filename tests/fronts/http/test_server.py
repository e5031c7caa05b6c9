"""What every request meets: checked bodies, errors in one form, ids, methods, and a stop in good order."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from pydantic import BaseModel, Field
from side_server import serving

from wyoming_openspeakers.errors import Busy, Conflict, SpeechError, UnknownVoice
from wyoming_openspeakers.fronts.http.api import Body, Call, Media, Operation, Query
from wyoming_openspeakers.fronts.http.server import HttpServer


class Said(Body):
    text: Annotated[str, Field(min_length=1)]
    speed: float = Field(1.0, ge=0.5, le=2)
    seed: int | None = None
    extra: dict[str, Any] = Field({})


class Echo(BaseModel):
    text: str
    client: str


class Wanted(Query):
    page: int = Field(1, ge=1)
    tags: list[str] = Field([])


async def echo(call: Call[Said, None]) -> Echo:
    return Echo(text=call.body.text, client=call.client)


async def wanted(call: Call[None, Wanted]) -> dict[str, Any]:
    return {"page": call.query.page, "tags": call.query.tags, "id": call.path["id"]}


async def nothing(call: Call[None, None]) -> None:
    return None


ECHO = Operation("POST", "/api/say", echo, "Say", "Test", body=Said, answer=Echo)
OPENAI = Operation("POST", "/v1/say", echo, "Say", "Test", body=Said, answer=Echo, status=201)
WANTED = Operation("GET", "/api/things/{id}", wanted, "Things", "Test", query=Wanted, answer=dict[str, Any])
NOTHING = Operation("DELETE", "/api/things/{id}", nothing, "Remove", "Test")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[HttpServer]:
    async with serving(tmp_path, ECHO, OPENAI, WANTED, NOTHING, text__max_characters=1000) as server:
        yield server


@pytest.fixture
async def client(server: HttpServer) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.url) as session:
        yield session


async def test_a_body_is_checked_and_the_answer_written(client: aiohttp.ClientSession) -> None:
    async with client.post("/api/say", json={"text": "Hello", "unknown": 1}) as answer:
        assert answer.status == 200 and answer.content_type == "application/json"
        assert (await answer.json())["text"] == "Hello"
    async with client.post("/v1/say", json={"text": "Hello"}) as answer:
        assert answer.status == 201
        assert (await answer.json())["client"].startswith("http/127.0.0.1/")


async def test_a_query_is_checked(client: aiohttp.ClientSession) -> None:
    async with client.get("/api/things/a%2Fb?page=2&tags=x&tags=y&other=1") as answer:
        assert await answer.json() == {"page": 2, "tags": ["x", "y"], "id": "a/b"}
    async with client.get("/api/things/a?page=0") as answer:
        assert answer.status == 422
        assert await answer.json() == {
            "detail": "page: should be greater than or equal to 1, not '0'",
            "code": "invalid-request",
            "param": "page",
        }


WRONG = [
    ({}, "text", "text is missing"),
    ({"text": ""}, "text", "text: String should have at least 1 character, not ''"),
    ({"text": "x", "speed": 9}, "speed", "speed: should be less than or equal to 2, not 9"),
    ({"text": "x", "speed": "fast"}, "speed", "speed: should be a valid number, unable to parse string"),
    ({"text": "x\0"}, "text", "text: must not hold a NUL character"),
    ({"text": "x", "extra": {"a": ["\0"]}}, "extra.a.0", "extra.a.0: must not hold a NUL character"),
]


@pytest.mark.parametrize(("body", "param", "message"), WRONG)
async def test_what_is_wrong_is_named_in_one_line(
    client: aiohttp.ClientSession, body: dict[str, Any], param: str, message: str
) -> None:
    async with client.post("/api/say", json=body) as answer:
        told = await answer.json()
        assert answer.status == 422
        assert told["detail"].startswith(message) and "\n" not in told["detail"]
        assert (told["code"], told["param"]) == ("invalid-request", param)
    async with client.post("/v1/say", json=body) as answer:
        error = (await answer.json())["error"]
        assert answer.status == 400
        assert error.keys() == {"message", "type", "param", "code"}
        assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, "invalid_request")


STRANGE = [
    (b"", 422),
    (b"{", 400),
    (b"\xff\xfe", 400),
    (b"[1]", 422),
    (b'"text"', 422),
    (b"null", 422),
    (b'{"text": "\\ud800"}', 400),
    (b'{"text": "x\x00"}', 400),
    (b'{"text": NaN}', 400),
    (b'{"text": "x", "speed": Infinity}', 400),
    (b'{"text": "x", "speed": 1e999}', 422),
    (b'{"text": "x", "seed": ' + b"9" * 5000 + b"}", 400),
    (b'{"text": "x", "extra": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", 400),
    (b'{"text": 1, "text": "x"}', 200),
]


@pytest.mark.parametrize(("body", "status"), STRANGE, ids=range(len(STRANGE)))
async def test_strange_json_is_refused_and_nothing_worse(
    client: aiohttp.ClientSession, body: bytes, status: int
) -> None:
    async with client.post("/api/say", data=body, headers={"Content-Type": "application/json"}) as answer:
        assert (answer.status, answer.content_type) == (status, "application/json"), await answer.text()


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_only_json_is_read_as_json(client: aiohttp.ClientSession, kind: str) -> None:
    async with client.post("/api/say", data=b'{"text": "x"}', headers={"Content-Type": kind}) as answer:
        assert answer.status == 415 and (await answer.json())["code"] == "unsupported-media"


async def test_a_packed_body_is_not_unpacked(client: aiohttp.ClientSession) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    async with client.post("/api/say", data=b"\x1f\x8b", headers=headers) as answer:
        assert answer.status == 415


async def test_the_size_of_a_body_follows_from_the_longest_text(client: aiohttp.ClientSession) -> None:
    longest = json.dumps({"text": "\U0001f600" * 1000})
    async with client.post("/api/say", data=longest, headers={"Content-Type": "application/json"}) as answer:
        assert answer.status == 200
    for data in (b" " * 100_000, _chunks(100_000)):
        async with client.post("/api/say", data=data, headers={"Content-Type": "application/json"}) as answer:
            assert answer.status == 413 and (await answer.json())["code"] == "too-large"


async def _chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1000):
        yield b" " * 1000


async def test_what_there_is_not(client: aiohttp.ClientSession) -> None:
    async with client.get("/v1/readyz") as answer:
        assert answer.status == 404 and (await answer.json())["error"]["code"] == "not_found"
    async with client.get("/nothing") as answer:
        assert answer.status == 404 and "/docs" in (await answer.json())["detail"]


async def test_wrong_methods_are_told_the_right_ones(client: aiohttp.ClientSession) -> None:
    async with client.put("/api/things/a") as answer:
        assert answer.status == 405 and (await answer.json())["code"] == "method-not-allowed"
        assert answer.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS"
    async with client.get("/v1/say") as answer:
        assert answer.status == 405 and answer.headers["Allow"] == "OPTIONS, POST"


async def test_head_and_options(client: aiohttp.ClientSession) -> None:
    async with client.head("/api/things/a") as answer:
        assert answer.status == 200 and int(answer.headers["Content-Length"]) > 10 and await answer.read() == b""
    async with client.options("/api/things/a") as answer:
        assert answer.status == 204 and answer.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS"
    async with client.options("/nothing") as answer:
        assert answer.status == 404


async def test_an_empty_answer(client: aiohttp.ClientSession) -> None:
    async with client.delete("/api/things/a") as answer:
        assert answer.status == 204 and await answer.read() == b"" and "Content-Type" not in answer.headers


async def test_each_answer_has_an_id(client: aiohttp.ClientSession) -> None:
    for path, method in (("/api/things/a", "GET"), ("/nothing", "GET"), ("/api/say", "PUT"), ("/api/say", "POST")):
        async with client.request(method, path) as answer:
            assert answer.headers["X-Request-Id"].startswith("req_")
        async with client.request(method, path, headers={"X-Request-Id": "abc-1"}) as answer:
            assert answer.headers["X-Request-Id"] == "abc-1"
        for insane in ("<b>", "a" * 200, "a b"):
            async with client.request(method, path, headers={"X-Request-Id": insane}) as answer:
                assert answer.headers["X-Request-Id"].startswith("req_")


async def test_errors_of_the_service_become_answers(tmp_path: Path) -> None:
    errors: list[Exception] = [UnknownVoice("No voice x"), Busy("Full", 2.5), Conflict("It is over"), SpeechError("Oh")]

    async def fail(call: Call[None, None]) -> None:
        raise errors[int(call.path["n"])]

    operations = [Operation("GET", f"{prefix}/fail/{{n}}", fail, "Fail", "Test") for prefix in ("/api", "/v1")]
    async with serving(tmp_path, *operations) as server, aiohttp.ClientSession(server.url) as client:
        statuses = []
        for n in range(len(errors)):
            async with client.get(f"/api/fail/{n}") as answer:
                statuses.append(answer.status)
                assert (await answer.json())["detail"] == str(errors[n])
        assert statuses == [404, 429, 409, 500]
        async with client.get("/api/fail/1") as answer:
            assert answer.headers["Retry-After"] == "3"
        async with client.get("/v1/fail/1") as answer:
            assert (await answer.json())["error"] == {
                "message": "Full",
                "type": "rate_limit_error",
                "param": None,
                "code": "rate_limit_exceeded",
            }
        async with client.get("/v1/fail/0") as answer:
            assert (await answer.json())["error"]["param"] == "voice"


async def test_a_fault_is_logged_with_its_id_and_not_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(call: Call[None, None]) -> None:
        raise ZeroDivisionError("secret detail")

    operation = Operation("GET", "/api/fail", fail, "Fail", "Test")
    async with serving(tmp_path, operation) as server, aiohttp.ClientSession(server.url) as client:
        answer = await client.get("/api/fail", headers={"X-Request-Id": "abc-7"})
        assert answer.status == 500 and (await answer.json())["code"] == "internal"
        assert "secret" not in await answer.text()
    assert "abc-7" in caplog.text and "secret detail" in caplog.text


async def test_a_stream_that_fails_half_way_is_cut_off(tmp_path: Path) -> None:
    async def fail(call: Call[None, None]) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(call.request)
        await response.write(b"half")
        raise SpeechError("The engine is gone")

    operation = Operation("GET", "/api/sound", fail, "Sound", "Test", answer=Media(["audio/mpeg"], "Sound"))
    async with serving(tmp_path, operation) as server, aiohttp.ClientSession(server.url) as client:
        answer = await client.get("/api/sound")
        assert answer.status == 200 and answer.headers["X-Request-Id"]
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


@pytest.mark.slow
@pytest.mark.parametrize(("method", "answer", "goes_on"), [("POST", None, True), ("GET", None, False)])
async def test_a_client_that_hangs_up_stops_what_it_waits_for_but_no_change(
    tmp_path: Path, method: str, answer: Any, goes_on: bool
) -> None:
    began, ended = asyncio.Event(), []

    async def work(call: Call[None, None]) -> None:
        began.set()
        try:
            await asyncio.sleep(0.3)
            ended.append("whole")
        except asyncio.CancelledError:
            ended.append("broken off")
            raise

    async with serving(tmp_path, Operation(method, "/api/work", work, "Work", "Test", answer=answer)) as server:
        async with aiohttp.ClientSession(server.url) as client:
            request = asyncio.create_task(client.request(method, "/api/work"))
            await began.wait()
            request.cancel()
        await asyncio.sleep(0.1)
        assert ended == ([] if goes_on else ["broken off"])
    assert ended == (["whole"] if goes_on else ["broken off"])


@pytest.mark.slow
async def test_a_stop_lets_answers_end(tmp_path: Path) -> None:
    began = asyncio.Event()

    async def slow(call: Call[None, None]) -> dict[str, int]:
        began.set()
        await asyncio.sleep(0.3)
        return {"done": 1}

    operation = Operation("GET", "/api/slow", slow, "Slow", "Test", answer=dict[str, int])
    async with serving(tmp_path, operation) as server, aiohttp.ClientSession(server.url) as client:
        request = asyncio.create_task(client.get("/api/slow"))
        await began.wait()
        await server.stop()
        answer = await request
        assert await answer.json() == {"done": 1}
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.get("/api/slow")


async def test_a_stop_tells_who_waits_for_an_answer_that_does_not_come(tmp_path: Path) -> None:
    began = asyncio.Event()

    async def endless(call: Call[None, None]) -> dict[str, int]:
        began.set()
        await asyncio.sleep(60)
        return {}

    operation = Operation("GET", "/api/endless", endless, "Endless", "Test", answer=dict[str, int])
    async with (
        serving(tmp_path, operation, limits__drain=0.1) as server,
        aiohttp.ClientSession(server.url) as client,
    ):
        request = asyncio.create_task(client.get("/api/endless"))
        await began.wait()
        await server.stop()
        answer = await request
        assert (answer.status, (await answer.json())["code"]) == (503, "shutting-down")


@pytest.mark.slow
async def test_a_stop_cuts_what_does_not_end_and_closes_websockets(tmp_path: Path) -> None:
    began = asyncio.Event()

    async def endless(call: Call[None, None]) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(call.request)
        while True:
            await response.write(b"la")
            began.set()
            await asyncio.sleep(0.05)

    async def live(call: Call[None, None]) -> web.StreamResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(call.request)
        async for _ in websocket:
            pass
        return websocket

    operations = [
        Operation("GET", "/api/endless", endless, "Endless", "Test", answer=Media(["audio/mpeg"], "Sound")),
        Operation("GET", "/ws/live", live, "Live", "Test", websocket=True, answer=Media([], "")),
    ]
    flags = {"limits__drain": 0.3}
    async with serving(tmp_path, *operations, **flags) as server, aiohttp.ClientSession(server.url) as client:
        websocket = await client.ws_connect("/ws/live")
        answer = await client.get("/api/endless")
        await began.wait()
        before = asyncio.get_running_loop().time()
        stopping = asyncio.create_task(server.stop())
        message = await websocket.receive(timeout=2)
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1001)
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()
        await stopping
        assert 0.3 <= asyncio.get_running_loop().time() - before < 1
        await websocket.close()


async def test_who_listens_to_all_without_a_key_is_warned(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(tmp_path, http__address="0.0.0.0:0"):
        assert "no key is set" in caplog.text
    caplog.clear()
    for flags in ({"http__api_key": "k", "http__address": "0.0.0.0:0"}, {"http__address": "[::1]:0"}):
        with caplog.at_level(logging.WARNING):
            async with serving(tmp_path, **flags):
                assert "key" not in caplog.text
