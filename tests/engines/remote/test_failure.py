"""What a client of ours is told when the server that a model speaks through is away, refuses or breaks off."""

from __future__ import annotations

import asyncio
import io
import json
import time

import aiohttp
import openai
import pytest
from conftest import StartService
from openai_client import say, url
from remote_server import Caller, fault_server
from wyoming.event import Event, read_event, write_event

from wyoming_openspeakers.engines.remote import own

pytestmark = pytest.mark.slow

PCM = {"rate": 24_000, "width": 2, "channels": 1}


def over_http(caller: Caller) -> None:
    """A server that has one voice; it refuses one text and breaks off the others before there is sound."""
    if "GET" in caller.head:
        caller.answer(json.dumps({"data": [{"id": "nova"}]}).encode(), "application/json")
    elif "refuse" in caller.body["input"].lower():
        caller.answer(b'{"error": "no"}', "application/json", 500)
    else:
        caller.begin()


def over_wyoming(caller: Caller) -> None:
    """The same in the other protocol."""
    asked = read_event(caller.reader)
    assert asked is not None
    if asked.type == "describe":
        voice = {"name": "nova", "languages": ["en"], "installed": True}
        answer = Event("info", {"tts": [{"name": "one", "installed": True, "voices": [voice]}]})
    elif "refuse" in asked.data["text"].lower():
        answer = Event("error", {"text": "no"})
    else:
        answer = Event("audio-start", PCM)
    data = io.BytesIO()
    write_event(answer, data)
    caller.send(data.getvalue())


@pytest.mark.parametrize("engine", ["openai_remote", "wyoming_remote"])
async def test_it_is_not_called_a_failure_of_ours(
    start: StartService, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own, "is_own", lambda connection: False)
    is_http = engine == "openai_remote"
    with fault_server(over_http if is_http else over_wyoming, http=is_http) as server:
        address = server.url if is_http else f"tcp://127.0.0.1:{server.port}"
        service = await start({"models": {"far": {"engine": engine, "parameters": {"url": address}}}})
        deadline = time.monotonic() + 10
        while "far/nova" not in (await service.manager.voices()).voices:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)

        async def refused(text: str) -> openai.InternalServerError:
            with pytest.raises(openai.InternalServerError) as caught:
                await say(service, text, voice="far/nova")
            assert caught.value.type == "server_error" and f":{server.port}" in caught.value.message
            return caught.value

        for text, words in (("Refuse this.", "no"), ("Break off.", "hung up in the middle")):
            error = await refused(text)
            assert (error.status_code, error.code) == (502, "remote_failed") and words in error.message
        server.close()
        error = await refused("Are you there?")
        assert (error.status_code, error.code) == (503, "remote_unreachable") and "is it running?" in error.message
        async with aiohttp.ClientSession() as session, session.get(f"{url(service)}/openapi.json") as answer:
            assert {"502", "503"} <= (await answer.json())["paths"]["/v1/audio/speech"]["post"]["responses"].keys()
