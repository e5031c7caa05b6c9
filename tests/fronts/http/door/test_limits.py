"""How much may be asked for: by one address, at once, and how slowly."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from managed import until
from side_server import serving

from wyoming_openspeakers.errors import Busy
from wyoming_openspeakers.fronts.http import server as server_module
from wyoming_openspeakers.fronts.http.api import Body, Call, Operation
from wyoming_openspeakers.fronts.http.door.limits import RequestRates, Streams, TooManyRequests


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def nothing(call: Call[None, None]) -> None:
    return None


async def speak(call: Call[None, None]) -> None:
    async with call.stream():
        await asyncio.sleep(0.2)


NOTHING = Operation("GET", "/api/nothing", nothing, "Nothing", "Test")
SPEAK = Operation("POST", "/v1/speak", speak, "Speak", "Test")


def test_an_address_may_ask_so_often_a_minute() -> None:
    clock = Clock()
    rates = RequestRates(60, clock=clock)
    for _ in range(60):
        rates.count("192.168.1.2")
    with pytest.raises(TooManyRequests) as refusal:
        rates.count("192.168.1.2")
    assert refusal.value.retry_after == 1
    rates.count("192.168.1.3")
    clock.now += refusal.value.retry_after
    rates.count("192.168.1.2")


def test_zero_is_no_limit() -> None:
    rates = RequestRates(0)
    for _ in range(1000):
        rates.count("192.168.1.2")
    assert len(rates) == 0


def test_a_machine_cannot_ask_from_all_its_addresses() -> None:
    rates = RequestRates(3, clock=Clock())
    for number in range(3):
        rates.count(f"2001:db8::{number}")
    with pytest.raises(TooManyRequests):
        rates.count("2001:db8::ffff")
    rates.count("2001:db8:0:1::1")
    rates.count("::ffff:10.0.0.1")
    rates.count("10.0.0.1")
    rates.count("fe80::1%eth0")


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 40), st.floats(0, 5)), max_size=80))
def test_the_table_of_addresses_is_bounded(requests: list[tuple[int, float]]) -> None:
    clock = Clock()
    rates = RequestRates(10, most=8, clock=clock)
    for number, pause in requests:
        clock.now += pause
        try:
            rates.count(f"10.0.0.{number}")
        except TooManyRequests as refusal:
            assert 0 < refusal.retry_after <= 6
        assert len(rates) <= 8


async def test_places_for_texts_are_given_back() -> None:
    streams = Streams(1)
    for _ in range(3):
        async with streams.stream():
            with pytest.raises(Busy) as refusal:
                async with streams.stream():
                    pass
            assert refusal.value.retry_after > 0
    with pytest.raises(ZeroDivisionError):
        async with streams.stream():
            raise ZeroDivisionError
    assert streams.open == 0


async def test_too_many_requests_are_answered_429(tmp_path: Path) -> None:
    flags = {"http__requests_per_minute": 5}
    async with serving(tmp_path, NOTHING, **flags) as server, aiohttp.ClientSession(server.url) as client:
        statuses = []
        for _ in range(7):
            async with client.get("/api/nothing") as answer:
                statuses.append(answer.status)
        assert statuses == [204] * 5 + [429] * 2
        async with client.get("/v1/nothing") as answer:
            error = (await answer.json())["error"]
            assert answer.status == 429 and 1 <= int(answer.headers["Retry-After"]) <= 12
            assert (error["type"], error["code"]) == ("rate_limit_error", "rate_limit_exceeded")


@pytest.mark.slow
async def test_too_many_texts_at_once_are_answered_429(tmp_path: Path) -> None:
    async with serving(tmp_path, SPEAK, http__max_streams=2) as server, aiohttp.ClientSession(server.url) as client:
        answers = await asyncio.gather(*(client.post("/v1/speak") for _ in range(5)))
        assert sorted(answer.status for answer in answers) == [204, 204, 429, 429, 429]
        assert all("Retry-After" in answer.headers for answer in answers if answer.status == 429)
        assert (await client.post("/v1/speak")).status == 204


async def test_a_connection_too_many_is_told_so(tmp_path: Path) -> None:
    async with serving(tmp_path, NOTHING, http__max_connections=3) as server:
        port = int(server.url.rpartition(":")[2])
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        async with aiohttp.ClientSession(server.url) as client:
            async with client.get("/api/nothing") as answer:
                assert answer.status == 503 and "connections" in (await answer.json())["detail"]
            idle[0][1].close()
            await asyncio.sleep(0.05)
            async with client.get("/api/nothing") as answer:
                assert answer.status == 204
        for _, writer in idle:
            writer.close()


@pytest.mark.slow
async def test_who_connects_and_asks_nothing_is_hung_up_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_FIRST_REQUEST", 0.3)
    async with serving(tmp_path, NOTHING) as server:
        port = int(server.url.rpartition(":")[2])
        silent, closing = await asyncio.open_connection("127.0.0.1", port)
        slow, dripping = await asyncio.open_connection("127.0.0.1", port)
        asks, asking = await asyncio.open_connection("127.0.0.1", port)
        asking.write(b"GET /api/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
        dripping.write(b"GET /api/nothing HTTP/1.1\r\n")
        for _ in range(4):
            await asyncio.sleep(0.1)
            dripping.write(b"X: y\r\n")
        async with asyncio.timeout(1):
            assert await silent.read() == await slow.read() == b""
        closing.close()
        dripping.close()
        assert (await asks.readline()).startswith(b"HTTP/1.1 204")
        asking.write(b"GET /api/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await asks.readuntil(b"\r\n\r\n")
        assert (await asks.readline()).startswith(b"HTTP/1.1 204")
        asking.close()


@pytest.mark.slow
async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wyoming_openspeakers.fronts.http.asking.bodies._BODY_SECONDS", 0.2)

    class Anything(Body):
        text: str = ""

    operation = Operation("POST", "/api/say", nothing, "Say", "Test", body=Anything)
    async with serving(tmp_path, operation) as server:
        port = int(server.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /api/say HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
        writer.write(b"Content-Length: 9\r\n\r\n{")
        async with asyncio.timeout(5):
            answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 408") and b'"too-slow"' in answer


@pytest.mark.slow
async def test_a_crowd_leaves_nothing_behind(tmp_path: Path) -> None:
    async def one(client: aiohttp.ClientSession, number: int) -> list[int]:
        statuses = []
        for _ in range(3):
            path = "/api/nothing" if number % 2 else "/v1/speak"
            async with client.request("GET" if number % 2 else "POST", path) as answer:
                statuses.append(answer.status)
        return statuses

    process = psutil.Process()
    flags = {"http__max_streams": 200, "http__requests_per_minute": 0}
    async with serving(tmp_path, NOTHING, SPEAK, **flags) as server:
        tasks, files = len(asyncio.all_tasks()), process.num_fds()
        async with aiohttp.ClientSession(server.url, connector=aiohttp.TCPConnector(limit=0)) as client:
            statuses = await asyncio.gather(*(one(client, number) for number in range(200)))
        assert statuses == [[204] * 3] * 200
        await until(lambda: len(asyncio.all_tasks()) <= tasks and process.num_fds() <= files)
