"""Voices that OpenAI's own client makes, speaks with and deletes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import aiohttp
import openai
import pytest
from conftest import ServeProcess
from fault_models import models_file
from openai_client import client, say, serve_models, url
from processes import SHARED
from recordings import speech, wav


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeProcess]:
    """A service with one model that makes voices, and one before it that does not."""
    tree = models_file(fault={}, mimic={})
    tree["models"]["mimic"]["engine"] = "faults.mimic"
    process = serve_models(tmp_path_factory.mktemp("studio"), tree)
    SHARED.add(process.process.pid)
    yield process
    process.stop()


@pytest.fixture(scope="module")
def recording() -> tuple[str, bytes]:
    return "gran.wav", wav(speech(3.0))


async def get(service: ServeProcess, name: str = "") -> tuple[int, Any]:
    address = f"{url(service)}/v1/audio/voices{'/' if name else ''}{name}"
    async with aiohttp.ClientSession() as asking, asking.get(address) as answer:
        return answer.status, await answer.json()


async def post(service: ServeProcess, recording: tuple[str, bytes] | None, **fields: str) -> tuple[int, Any]:
    form = aiohttp.FormData(fields, default_to_multipart=True)
    if recording:
        form.add_field("audio_sample", recording[1], filename=recording[0])
    async with aiohttp.ClientSession() as asking, asking.post(f"{url(service)}/v1/audio/voices", data=form) as answer:
        return answer.status, await answer.json()


@pytest.mark.slow
async def test_a_voice_from_a_recording_to_its_end(studio: ServeProcess, recording: tuple[str, bytes]) -> None:
    async with client(studio) as asking:
        voice = await asking.audio.voices.create(name="Gran", audio_sample=recording, consent="cons_1")
        assert (voice.name, voice.object, voice.type) == ("Gran", "audio.voice", "audio_sample")
        assert voice.created_at > 1_600_000_000
        shown = await get(studio, voice.id)
        assert shown == (200, {**voice.model_dump(), "prompt": None})
        _, listed = await get(studio)
        assert "mimic/Gran" in [one["id"] for one in listed["voices"]]
        for named in ({"id": voice.id}, "Gran", "mimic/Gran"):
            for model in ("tts-1", "mimic"):
                assert (await say(studio, "tone", model=model, voice=named)).content
        assert (await asking.audio.voices.delete(voice.id)).deleted
        assert (await get(studio, voice.id))[0] == 404
    with pytest.raises(openai.NotFoundError) as caught:
        await say(studio, "tone", voice={"id": voice.id})
    assert caught.value.param == "voice"


async def test_a_voice_from_words(studio: ServeProcess) -> None:
    async with client(studio) as asking:
        voice = await asking.audio.voices.create(name="Troll", type="prompt", prompt="Deep and slow.", model="auto")
        assert (voice.type, voice.prompt) == ("prompt", "Deep and slow.")
        assert (await say(studio, "tone", voice="Troll")).content


@pytest.mark.parametrize(
    ("fields", "has_recording", "status", "param"),
    [
        ({"name": "A", "consent": "yes"}, False, 400, "audio_sample"),
        ({"name": "A"}, True, 422, "consent"),
        ({"name": "A", "consent": "false"}, True, 422, "consent"),
        ({"consent": "yes"}, True, 400, "name"),
        ({"name": "A", "type": "prompt"}, False, 400, "prompt"),
        ({"name": "A", "type": "dream"}, False, 400, "type"),
        ({"name": "A", "consent": "yes", "model": "nothing"}, True, 404, "model"),
    ],
)
async def test_what_is_wrong_with_a_new_voice(
    studio: ServeProcess,
    recording: tuple[str, bytes],
    fields: dict[str, str],
    has_recording: bool,
    status: int,
    param: str,
) -> None:
    answered, body = await post(studio, recording if has_recording else None, **fields)
    assert (answered, body["error"]["param"]) == (status, param)
    assert set(body["error"]) == {"message", "type", "param", "code"}


async def test_a_recording_that_is_none(studio: ServeProcess) -> None:
    status, body = await post(studio, ("x.wav", b"not sound"), name="B", consent="yes")
    assert status == 422 and body["error"]["message"]


@pytest.mark.slow
async def test_what_a_voice_cannot_do_is_refused_where_no_other_service_asks_for_it(studio: ServeProcess) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await say(studio, "tone", model="mimic", extra_body={"pitch": 2})
    assert caught.value.param == "pitch"
    assert (await say(studio, "tone", model="mimic", speed=1.5, instructions="Slowly.")).content
