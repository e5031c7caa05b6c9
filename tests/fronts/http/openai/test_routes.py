"""The rest of what OpenAI's clients ask: models, voices, and what there is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest
from conftest import ServeProcess
from fault_models import models_file
from openai_client import client, say, serve_models, url
from processes import SHARED

from wyoming_openspeakers.service import Service

StartService = Callable[..., Any]

NAMES = (
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse",
)  # fmt: skip
MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeProcess]:
    """A service with several models, one of which cannot be used."""
    tree = models_file(**{"fault": {}, "other": {"languages": ["de-DE"]}, "owner/name": {}})
    tree["models"]["lacking"] = {"engine": "kokoro", "voice": "af_heart"}
    process = serve_models(tmp_path_factory.mktemp("house"), tree)
    SHARED.add(process.process.pid)
    yield process
    process.stop()


async def get(service: Service | ServeProcess, path: str, **headers: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as asking, asking.get(f"{url(service)}{path}", headers=headers) as answer:
        assert answer.content_type == "application/json", await answer.text()
        assert answer.headers["X-Request-Id"]
        return answer.status, await answer.json()


# Models


async def test_the_models_that_can_speak_and_their_other_names(house: ServeProcess) -> None:
    async with client(house) as asking:
        models = (await asking.models.list()).data
        assert [model.id for model in models] == [
            "fault",
            "other",
            "owner/name",
            "gpt-4o-mini-tts",
            "tts-1",
            "tts-1-hd",
        ]
        assert {model.object for model in models} == {"model"}
        assert all(model.created > 1_600_000_000 and model.owned_by for model in models)
        for model in models:
            assert await asking.models.retrieve(model.id) == model


async def test_a_model_whose_name_has_a_slash(house: ServeProcess) -> None:
    assert (await get(house, "/v1/models/owner/name"))[1]["id"] == "owner/name"
    assert (await say(house, "tone", model="owner/name")).content


async def test_a_model_that_cannot_be_used_is_not_listed(house: ServeProcess) -> None:
    async with client(house) as asking:
        with pytest.raises(openai.NotFoundError) as caught:
            await asking.models.retrieve("lacking")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.ConflictError) as unusable:
        await say(house, "tone", model="lacking")
    assert unusable.value.code == "model_unavailable" and "lacking" in unusable.value.message


async def test_models_where_open_webui_looks_for_them(house: ServeProcess) -> None:
    _, models = await get(house, "/v1/models")
    status, audio = await get(house, "/v1/audio/models")
    assert status == 200 and audio["object"] == "list"
    assert audio["models"] == audio["data"] == models["data"]
    assert all(model["id"] and model["name"] for model in audio["models"])


# Voices


async def test_voices_under_both_keys(house: ServeProcess) -> None:
    status, voices = await get(house, "/v1/audio/voices")
    assert status == 200 and voices["object"] == "list" and voices["voices"] == voices["data"]
    by_id = {voice["id"]: voice for voice in voices["voices"]}
    assert [*by_id] == ["fault/plain", "other/plain", "owner/name/plain", *NAMES]
    assert by_id["other/plain"] == {
        "id": "other/plain",
        "object": "audio.voice",
        "name": "Plain",
        "model": "other",
        "language": "de-DE",
        "gender": None,
    }
    assert by_id["alloy"]["name"] == "Alloy (fault/plain)"


@pytest.mark.slow
async def test_every_voice_that_is_listed_speaks(house: ServeProcess) -> None:
    _, voices = await get(house, "/v1/audio/voices")
    for voice in voices["data"]:
        assert (await say(house, "tone", voice=voice["id"])).content


@pytest.mark.parametrize(
    ("model", "listed"),
    [
        ("other", ["other/plain"]),
        ("owner/name", ["owner/name/plain"]),
        ("tts-1", ["fault/plain", *NAMES]),
        ("lacking", []),
    ],
)
async def test_the_voices_of_one_model(house: ServeProcess, model: str, listed: list[str]) -> None:
    _, voices = await get(house, f"/v1/audio/voices?model={model}")
    assert [voice["id"] for voice in voices["voices"]] == listed


async def test_the_voices_of_a_model_that_there_is_not(house: ServeProcess) -> None:
    status, body = await get(house, "/v1/audio/voices?model=nothing")
    assert (status, body["error"]["code"]) == (404, "model_not_found")


@pytest.mark.slow
async def test_a_new_voice_is_found_by_the_next_request(start: StartService, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "fault"
    folder.mkdir(parents=True)
    service = await start(models__paths=[str(folder.parent)])
    with pytest.raises(openai.NotFoundError):
        await say(service, "tone", voice="anna")
    (folder / "voices.txt").write_text("anna")
    await service.manager.renew_voices()
    assert (await say(service, "tone", voice="anna")).content
    assert (await say(service, "tone", voice="anna", model="fault")).content


# Keys


async def test_the_key_as_clients_send_it(start: StartService) -> None:
    service = await start(http__api_key="secret")
    async with client(service, "secret") as knowing, client(service, "wrong") as guessing:
        assert (await knowing.audio.speech.create(model="tts-1", voice="alloy", input="tone")).content
        with pytest.raises(openai.AuthenticationError) as caught:
            await guessing.audio.speech.create(model="tts-1", voice="alloy", input="tone")
        assert caught.value.code == "invalid_api_key"
        with pytest.raises(openai.AuthenticationError):
            await guessing.models.list()


async def test_lists_may_be_public(start: StartService) -> None:
    closed = await start(http__api_key="x")
    public = await start(http__api_key="x", http__public_listing=True)
    for path in ("/v1/models", "/v1/models/tts-1", "/v1/audio/models", "/v1/audio/voices"):
        assert (await get(closed, path))[0] == 401
        assert (await get(public, path))[0] == 200
        assert (await get(public, path, Authorization="Bearer "))[0] == 200


async def test_an_empty_key_is_no_key(house: ServeProcess) -> None:
    # SillyTavern sends `Bearer ` with nothing behind it.
    assert (await get(house, "/v1/models", Authorization="Bearer "))[0] == 200


# What there is not


@pytest.mark.parametrize("path", ["/v1/readyz", "/v1/test", "/v1/", "/v1/audio", "/v1/chat/completions"])
async def test_unknown_paths_are_json_that_says_so(house: ServeProcess, path: str) -> None:
    status, body = await get(house, path)
    assert status == 404
    assert set(body["error"]) == {"message", "type", "param", "code"}


async def test_the_client_sees_an_unknown_path_as_what_it_is(house: ServeProcess) -> None:
    async with client(house) as asking:
        with pytest.raises(openai.NotFoundError):
            await asking.audio.transcriptions.create(model="whisper-1", file=b"x")


# With the service's own voice


@pytest.mark.slow
async def test_every_name_speaks_with_the_default_engine_alone(default_service: ServeProcess) -> None:
    for number, voice in enumerate(NAMES):
        model = MODELS[number % len(MODELS)]
        answer = await say(default_service, "Hello.", model=model, voice=voice)
        assert 0.2 < len(answer.content) / 48_000 < 2, voice


async def test_as_home_assistant_sets_up(default_service: ServeProcess) -> None:
    assert (await say(default_service, ".", response_format="mp3")).content
