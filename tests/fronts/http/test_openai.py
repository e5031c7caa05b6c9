"""The rest of what OpenAI's clients ask: models, voices, and what there is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest
from conftest import ServeProcess
from fault_models import models_file
from openai import AsyncOpenAI

from wyoming_openspeakers.service import Service

StartService = Callable[..., Any]

NAMES = (
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse",
)  # fmt: skip
MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")


def url(service: Service) -> str:
    return next(address for address in service.addresses if address.startswith("http:"))


def client(address: str, key: str = "any") -> AsyncOpenAI:
    return AsyncOpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0)


async def get(address: str, path: str, **headers: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as asking, asking.get(f"{address}{path}", headers=headers) as answer:
        assert answer.content_type == "application/json", await answer.text()
        assert answer.headers["X-Request-Id"]
        return answer.status, await answer.json()


# Models


async def test_the_models_that_can_speak_and_their_other_names(start: StartService) -> None:
    service = await start(models_file(fault={}, other={"languages": ["de-DE"]}))
    async with client(url(service)) as asking:
        models = (await asking.models.list()).data
        assert [model.id for model in models] == ["fault", "other", "gpt-4o-mini-tts", "tts-1", "tts-1-hd"]
        assert {model.object for model in models} == {"model"}
        assert all(model.created > 1_600_000_000 and model.owned_by for model in models)
        for model in models:
            assert await asking.models.retrieve(model.id) == model


async def test_a_model_whose_name_has_a_slash(start: StartService) -> None:
    tree = models_file(fault={})
    tree["models"]["owner/name"] = tree["models"]["fault"]
    service = await start(tree)
    async with client(url(service)) as asking:
        assert (await asking.models.retrieve("owner/name")).id == "owner/name"
        assert (await get(url(service), "/v1/models/owner/name"))[1]["id"] == "owner/name"
        answer = await asking.audio.speech.create(model="owner/name", voice="alloy", input="tone")
        assert answer.content


async def test_a_model_that_cannot_be_used_is_not_listed(start: StartService) -> None:
    tree = models_file(fault={})
    tree["models"]["lacking"] = {"engine": "kokoro", "voice": "af_heart"}
    service = await start(tree)
    async with client(url(service)) as asking:
        assert "lacking" not in [model.id for model in (await asking.models.list()).data]
        with pytest.raises(openai.NotFoundError) as caught:
            await asking.models.retrieve("lacking")
        assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
        with pytest.raises(openai.ConflictError) as unusable:
            await asking.audio.speech.create(model="lacking", voice="alloy", input="tone")
        assert unusable.value.code == "model_unavailable" and "lacking" in unusable.value.message


async def test_models_where_open_webui_looks_for_them(start: StartService) -> None:
    service = await start()
    _, models = await get(url(service), "/v1/models")
    status, audio = await get(url(service), "/v1/audio/models")
    assert status == 200 and audio["object"] == "list"
    assert audio["models"] == audio["data"] == models["data"]
    assert all(model["id"] and model["name"] for model in audio["models"])


# Voices


async def test_voices_under_both_keys(start: StartService) -> None:
    service = await start(models_file(fault={}, other={"languages": ["de-DE"]}))
    status, voices = await get(url(service), "/v1/audio/voices")
    assert status == 200 and voices["object"] == "list" and voices["voices"] == voices["data"]
    by_id = {voice["id"]: voice for voice in voices["voices"]}
    assert [*by_id] == ["fault/plain", "other/plain", *NAMES]
    assert by_id["other/plain"] == {
        "id": "other/plain",
        "object": "audio.voice",
        "name": "Plain",
        "model": "other",
        "language": "de-DE",
        "gender": None,
    }
    assert by_id["alloy"]["name"] == "Alloy (fault/plain)"


async def test_every_voice_that_is_listed_speaks(start: StartService) -> None:
    service = await start()
    _, voices = await get(url(service), "/v1/audio/voices")
    async with client(url(service)) as asking:
        for voice in voices["data"]:
            assert (await asking.audio.speech.create(model="tts-1", voice=voice["id"], input="tone")).content


async def test_the_voices_of_one_model(start: StartService) -> None:
    address = url(await start(models_file(fault={}, other={})))
    _, voices = await get(address, "/v1/audio/voices?model=other")
    assert [voice["id"] for voice in voices["voices"]] == ["other/plain"]
    _, voices = await get(address, "/v1/audio/voices?model=tts-1")
    assert [voice["id"] for voice in voices["voices"]] == ["fault/plain", *NAMES]
    status, body = await get(address, "/v1/audio/voices?model=nothing")
    assert (status, body["error"]["code"]) == (404, "model_not_found")


async def test_a_new_voice_is_found_by_the_next_request(start: StartService, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "fault"
    folder.mkdir(parents=True)
    service = await start(models__paths=[str(folder.parent)])
    async with client(url(service)) as asking:
        with pytest.raises(openai.NotFoundError):
            await asking.audio.speech.create(model="tts-1", voice="anna", input="tone")
        (folder / "voices.txt").write_text("anna")
        await service.manager.renew_voices()
        assert (await asking.audio.speech.create(model="tts-1", voice="anna", input="tone")).content
        assert (await asking.audio.speech.create(model="fault", voice="anna", input="tone")).content


# Keys


async def test_the_key_as_clients_send_it(start: StartService) -> None:
    address = url(await start(http__api_key="secret"))
    async with client(address, "secret") as knowing, client(address, "wrong") as guessing:
        assert (await knowing.audio.speech.create(model="tts-1", voice="alloy", input="tone")).content
        with pytest.raises(openai.AuthenticationError) as caught:
            await guessing.audio.speech.create(model="tts-1", voice="alloy", input="tone")
        assert caught.value.code == "invalid_api_key"
        with pytest.raises(openai.AuthenticationError):
            await guessing.models.list()


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/tts-1", "/v1/audio/models", "/v1/audio/voices"])
async def test_lists_may_be_public(start: StartService, path: str) -> None:
    closed, public = url(await start(http__api_key="x")), url(await start(http__api_key="x", http__public_listing=True))
    assert (await get(closed, path))[0] == 401
    assert (await get(public, path))[0] == 200
    assert (await get(public, path, Authorization="Bearer "))[0] == 200


async def test_an_empty_key_is_no_key(start: StartService) -> None:
    # SillyTavern sends `Bearer ` with nothing behind it.
    assert (await get(url(await start()), "/v1/models", Authorization="Bearer "))[0] == 200


# What there is not


@pytest.mark.parametrize("path", ["/v1/readyz", "/v1/test", "/v1", "/v1/", "/v1/audio", "/v1/chat/completions"])
async def test_unknown_paths_are_json_that_says_so(start: StartService, path: str) -> None:
    status, body = await get(url(await start()), path)
    assert status == 404
    if path != "/v1":
        assert set(body["error"]) == {"message", "type", "param", "code"}


async def test_the_client_sees_an_unknown_path_as_what_it_is(start: StartService) -> None:
    async with client(url(await start())) as asking:
        with pytest.raises(openai.NotFoundError):
            await asking.audio.transcriptions.create(model="whisper-1", file=b"x")


# With the service's own voice


async def test_every_name_speaks_with_the_default_engine_alone(default_service: ServeProcess) -> None:
    async with client(default_service.url) as asking:
        for number, voice in enumerate(NAMES):
            answer = await asking.audio.speech.create(
                model=MODELS[number % len(MODELS)], voice=voice, input="Hello.", response_format="pcm"
            )
            assert 0.2 < len(answer.content) / 48_000 < 2, voice


async def test_as_home_assistant_sets_up(default_service: ServeProcess) -> None:
    async with client(default_service.url) as asking:
        answer = await asking.audio.speech.create(model="tts-1", voice="alloy", input=".", response_format="mp3")
    assert answer.content
