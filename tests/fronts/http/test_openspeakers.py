"""The calls that OpenSpeakers documents, with its field names, by a client that knows nothing of ours."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import soundfile
from conftest import ServeProcess
from recordings import speech, wav

JOB_FIELDS = {
    "id", "model_id", "text", "voice_id", "voice_profile_id", "parameters", "status", "error_message",
    "duration_seconds", "processing_time_ms", "created_at", "completed_at", "batch_id", "speaker_similarity",
}  # fmt: skip
MODEL_FIELDS = {
    "id", "name", "description", "supports_voice_cloning", "supports_streaming", "supports_speed", "supports_pitch",
    "supports_dialogue", "supported_languages", "hf_repo", "license", "vram_gb_estimate", "is_loaded", "status",
    "standby", "keep_alive_seconds_remaining",
}  # fmt: skip
MODEL = "hibari"


class Api:
    """Asks, and wants a certain status."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session

    async def ask(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        async with self.session.request(method, path, **options) as answer:
            body = await answer.read()
            assert answer.status == status, body[:500]
            return json.loads(body) if answer.content_type == "application/json" else body

    async def finished(self, job: str) -> dict[str, Any]:
        """A job, polled as its own console does."""
        async with asyncio.timeout(30):
            while True:
                found: dict[str, Any] = await self.ask("GET", f"/api/tts/jobs/{job}")
                if found["status"] not in ("pending", "running"):
                    return found
                await asyncio.sleep(0.1)


@pytest.fixture
async def api(default_service: ServeProcess) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession(default_service.url) as session:
        yield Api(session)


async def test_a_job_from_its_request_to_its_audio(api: Api) -> None:
    request = {
        "model_id": MODEL, "text": "Hello from a job.", "voice_id": "heart", "speed": 1.0, "pitch": 0,
        "language": "en", "output_format": "wav", "extra": {},
    }  # fmt: skip
    made = await api.ask("POST", "/api/tts/generate", 202, json=request)
    assert set(made) >= {"job_id", "status", "message"} and made["status"] == "pending"
    job = await api.finished(made["job_id"])
    assert set(job) >= JOB_FIELDS
    assert (job["status"], job["model_id"], job["text"]) == ("complete", MODEL, request["text"])
    samples, rate = soundfile.read(io.BytesIO(await api.ask("GET", f"/api/tts/jobs/{job['id']}/audio")))
    assert len(samples) / rate == pytest.approx(job["duration_seconds"], abs=0.03)
    await api.ask("DELETE", f"/api/tts/jobs/{job['id']}", 409)


async def test_jobs_are_listed_with_pages_filters_and_search(api: Api) -> None:
    for text in ("A needle in a haystack.", "Only hay."):
        made = await api.ask("POST", "/api/tts/generate", 202, json={"model_id": MODEL, "text": text})
        await api.finished(made["job_id"])
    query = {"page": "1", "page_size": "5", "status": "complete", "model_id": MODEL, "search": "needle"}
    found = await api.ask("GET", "/api/tts/jobs", params=query)
    assert set(found) >= {"jobs", "total", "page", "page_size"}
    assert [job["text"] for job in found["jobs"]] == ["A needle in a haystack."]
    assert (found["total"], found["page"], found["page_size"]) == (1, 1, 5)


async def test_a_batch_to_its_archive(api: Api) -> None:
    request = {"model_id": MODEL, "lines": ["One.", "Two."], "voice_id": "heart", "language": "en", "speed": 1.0,
               "output_format": "wav", "extra": {}}  # fmt: skip
    batch = await api.ask("POST", "/api/tts/batch", 202, json=request)
    assert batch["total"] == 2 and len(batch["job_ids"]) == 2
    for job in batch["job_ids"]:
        assert (await api.finished(job))["batch_id"] == batch["batch_id"]
    state = await api.ask("GET", f"/api/tts/batches/{batch['batch_id']}")
    assert state["status_counts"]["complete"] == 2 and [job["text"] for job in state["jobs"]] == ["One.", "Two."]
    archive = zipfile.ZipFile(io.BytesIO(await api.ask("GET", f"/api/tts/batches/{batch['batch_id']}/zip")))
    assert len(archive.namelist()) == 2 and archive.testzip() is None


async def test_the_socket_of_a_job_tells_all_to_who_comes_late(api: Api) -> None:
    made = await api.ask("POST", "/api/tts/generate", 202, json={"model_id": MODEL, "text": "Heard live. And late."})
    await api.finished(made["job_id"])
    async with api.session.ws_connect(f"/ws/jobs/{made['job_id']}") as socket:
        events = [json.loads(message.data) async for message in socket]
    assert events[0]["type"] == "queued" and events[-1]["type"] == "complete"
    chunks = [event for event in events if event["type"] == "audio_chunk"]
    assert [chunk["index"] for chunk in chunks] == list(range(len(chunks)))
    pcm = b"".join(base64.b64decode(chunk["audio"]) for chunk in chunks)
    assert len(pcm) / 2 / chunks[0]["rate"] > 0.8


async def test_voices(api: Api) -> None:
    builtin = await api.ask("GET", f"/api/voices/builtin/{MODEL}")
    assert builtin and set(builtin[0]) >= {"id", "name", "language", "gender", "model_id"}
    form = aiohttp.FormData()
    form.add_field("name", "Somebody")
    form.add_field("model_id", MODEL)
    form.add_field("reference_audio", wav(speech(6)), filename="me.wav", content_type="audio/wav")
    form.add_field("reference_text", "What is said in it.")
    refused = await api.ask("POST", "/api/voices", 409, data=form)
    assert "cannot speak like a recording" in refused["detail"]
    assert isinstance(await api.ask("GET", "/api/voices"), list | dict)


async def test_models_and_the_system(api: Api) -> None:
    models = await api.ask("GET", "/api/models")
    listed = models if isinstance(models, list) else models["models"]
    assert MODEL in [model["id"] for model in listed]
    assert set(await api.ask("GET", f"/api/models/{MODEL}")) >= MODEL_FIELDS
    assert (await api.ask("GET", "/health"))["status"] == "ok"
    assert "gpus" in await api.ask("GET", "/api/system/gpu")
    assert "version" in await api.ask("GET", "/api/system/info")


async def test_its_openai_endpoint(api: Api) -> None:
    body = {"model": "tts-1", "input": "Hello.", "voice": "alloy", "response_format": "mp3", "speed": 1.0}
    sound = await api.ask("POST", "/v1/audio/speech", json=body)
    samples, rate = soundfile.read(io.BytesIO(sound))
    assert 0.3 < len(samples) / rate < 3
    assert (await api.ask("GET", "/v1/models"))["object"] == "list"
