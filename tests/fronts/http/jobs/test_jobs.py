"""Jobs over HTTP: sent, listed, heard, cancelled and refused."""

from __future__ import annotations

import asyncio
import io
import re
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
import soundfile
from job_client import JobClient, job_client
from managed import until
from yarl import URL

from wyoming_openspeakers.speech.audio.formats import MEDIA_TYPES

pytestmark = pytest.mark.slow

Connect = Callable[..., Any]

FIELDS = {
    "id", "model_id", "text", "voice_id", "voice_profile_id", "parameters", "status", "error_message",
    "duration_seconds", "processing_time_ms", "created_at", "completed_at", "batch_id", "speaker_similarity",
}  # fmt: skip
"""What clients of OpenSpeakers know."""


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Connect]:
    async with AsyncExitStack() as stack:

        async def connect(models: dict[str, dict[str, Any]] | None = None, **flags: Any) -> JobClient:
            return await stack.enter_async_context(job_client(tmp_path, models, **flags))

        yield connect


async def test_a_job_is_taken_and_becomes_audio(client: Connect) -> None:
    it = await client()
    body = {"model_id": "fault", "text": "tone tone tone.", "output_format": "wav", "speed": 1, "extra": {"level": 0.5}}
    taken = await it.ask("POST", "/api/tts/generate", 202, json=body)
    assert taken.keys() == {"job_id", "status", "message"} and taken["status"] == "pending"
    job = await it.over(taken["job_id"])
    assert job.keys() >= FIELDS
    assert (job["id"], job["status"], job["error_message"]) == (taken["job_id"], "complete", None)
    assert (job["model_id"], job["voice_id"], job["text"]) == ("fault", "fault/plain", "tone tone tone.")
    assert job["parameters"] == {"speed": 1, "extra": {"level": 0.5}}
    assert (job["progress"], job["position"], job["format"], job["batch_id"]) == (1.0, None, "wav", None)
    assert 0 <= job["first_audio_ms"] <= job["processing_time_ms"]
    assert 0.2 < job["duration_seconds"] < 0.5
    created, completed = (datetime.fromisoformat(job[name]) for name in ("created_at", "completed_at"))
    assert created <= completed and created.utcoffset() is not None and job["created_at"].endswith("Z")
    async with it.session.get(job["audio_url"]) as answer:
        assert answer.status == 200 and answer.headers["Content-Type"] == "audio/wav"
        assert answer.headers["Content-Disposition"] == 'inline; filename="tone-tone-tone.wav"'
        with wave.open(io.BytesIO(await answer.read())) as audio:
            assert audio.getnframes() / audio.getframerate() == pytest.approx(job["duration_seconds"], abs=0.001)


REFUSED: tuple[tuple[dict[str, Any], int, str | None], ...] = (
    ({"model_id": "nothing"}, 404, None),
    ({"model_id": "somebody/nothing"}, 404, None),
    ({"voice_id": "nobody"}, 404, None),
    ({"text": ""}, 422, "text"),
    ({"text": " \n "}, 422, "text"),
    ({"text": "x" * 101}, 413, "text"),
    ({"text": None}, 422, "text"),
    ({"speed": 4.1}, 422, "speed"),
    ({"speed": "fast"}, 422, "speed"),
    ({"pitch": -13}, 422, "pitch"),
    ({"output_format": "midi"}, 422, "output_format"),
    ({"extra": {"volume": 3}}, 422, "extra.volume"),
    ({"extra": {"level": "loud"}}, 422, "extra.level"),
    ({"extra": 5}, 422, "extra"),
    ({"keep_alive": "soon"}, 422, "keep_alive"),
    ({"seed": -1}, 422, "seed"),
    ({"instructions": "softly"}, 422, "instructions"),
)


async def test_what_is_wrong_is_refused_by_its_name(client: Connect) -> None:
    it = await client(text__max_characters=100)
    for change, status, param in REFUSED:
        body = {"model_id": "fault", "text": "tone", **change}
        refused = await it.ask("POST", "/api/tts/generate", status, json=body)
        assert refused["param"] == param and refused["detail"], change
    assert (await it.ask("GET", "/api/tts/jobs"))["total"] == 0


async def test_a_model_that_cannot_speak_now_says_why(client: Connect) -> None:
    it = await client({"fault": {}, "mute": {"engine": "kokoro", "voice": "af_heart"}})
    refused = await it.ask("POST", "/api/tts/generate", 409, json={"model_id": "mute", "text": "tone"})
    assert "mute" in refused["detail"] and refused["code"] == "model-unavailable"


async def test_without_a_model_it_is_the_default_voice_or_the_one_that_is_named(client: Connect) -> None:
    it = await client({"fault": {}, "other": {"engine": "faults.engine", "voice": "plain"}})
    for asked, model in (({}, "fault"), ({"model_id": ""}, "fault"), ({"voice_id": "other/plain"}, "other")):
        taken = await it.ask("POST", "/api/tts/generate", 202, json={"text": "tone", **asked})
        job = await it.over(taken["job_id"])
        assert (job["status"], job["model_id"], job["voice_id"]) == ("complete", model, f"{model}/plain")
    batch = await it.ask("POST", "/api/tts/batch", 202, json={"lines": ["tone", "tone tone"]})
    spoken = [await it.over(id) for id in batch["job_ids"]]
    assert {job["voice_id"] for job in spoken} == {"fault/plain"}
    refused = await it.ask("POST", "/api/tts/generate", 404, json={"text": "tone", "voice_id": "nobody"})
    assert "There is no voice 'nobody'" in refused["detail"]


async def test_the_names_that_openais_clients_use_are_understood(client: Connect) -> None:
    it = await client({"fault": {}, "other": {"engine": "faults.engine", "voice": "plain"}})
    for asked in ({"voice": "other/plain"}, {"model": "other"}):
        body = {"text": "tone", "response_format": "wav", **asked}
        job = await it.over((await it.ask("POST", "/api/tts/generate", 202, json=body))["job_id"])
        assert (job["voice_id"], job["format"]) == ("other/plain", "wav")
    refused = await it.ask("POST", "/api/tts/generate", 404, json={"text": "tone", "voice": "nobody"})
    assert "There is no voice 'nobody'" in refused["detail"]


async def test_a_voice_that_came_a_moment_ago_is_found(client: Connect, tmp_path: Path) -> None:
    it = await client()
    body = {"model_id": "fault", "voice_id": "nova", "text": "tone"}
    await it.ask("POST", "/api/tts/generate", 404, json=body)
    folder = it.working.manager.registry.folder("fault")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "voices.txt").write_text("nova")
    await asyncio.sleep(1.1)
    taken = await it.ask("POST", "/api/tts/generate", 202, json=body)
    assert (await it.over(taken["job_id"]))["status"] == "complete"


async def test_nothing_but_json(client: Connect) -> None:
    it = await client()
    await it.ask("POST", "/api/tts/generate", 422, json={"model_id": "fault"})
    await it.ask("POST", "/api/tts/generate", 415, data=b"{}", headers={"Content-Type": "text/plain"})


async def test_times_to_stay(client: Connect) -> None:
    it = await client()
    jobs = [await it.generate("tone", keep_alive=time) for time in (-1, 0, 30, "5m")]
    assert [(await it.over(job))["status"] for job in jobs] == ["complete"] * 4


async def test_a_full_line_says_when_to_come_back(client: Connect) -> None:
    it = await client(jobs__at_once=1, jobs__waiting=1)
    await it.generate("sleep:20")
    await it.generate("tone")
    body = {"model_id": "fault", "text": "tone"}
    async with it.session.post("/api/tts/generate", json=body) as answer:
        assert answer.status == 429 and int(answer.headers["Retry-After"]) > 0


async def test_jobs_are_listed_and_searched(client: Connect) -> None:
    it = await client({"fault": {"aliases": ["tts"]}, "other": {}})
    ids = [await it.generate(f"tone number{n}") for n in range(4)]
    ids.append(await it.generate("tone fail", model_id="other"))
    for id in ids:
        await it.over(id)
    page = await it.ask("GET", "/api/tts/jobs?page=2&page_size=2")
    assert [job["id"] for job in page["jobs"]] == [ids[2], ids[1]]
    assert (page["total"], page["page"], page["page_size"]) == (5, 2, 2)
    for query, found in {
        "model_id=other": ids[4:],
        "model_id=tts": ids[3::-1],
        "status=failed": ids[4:],
        "status=complete&search=NUMBER2": [ids[2]],
        "search=nothing": [],
    }.items():
        page = await it.ask("GET", f"/api/tts/jobs?{query}")
        assert ([job["id"] for job in page["jobs"]], page["total"]) == (found, len(found)), query
    for query in ("page=0", "page_size=101", "status=done", "page=x"):
        await it.ask("GET", f"/api/tts/jobs?{query}", 422)


async def test_progress_and_positions_are_told(client: Connect) -> None:
    it = await client(jobs__at_once=1)
    running, waiting = await it.generate("tone sleep:20"), await it.generate("tone")
    await until(lambda: running in it.working.began())
    first, second = [await it.ask("GET", f"/api/tts/jobs/{id}") for id in (running, waiting)]
    assert (first["status"], first["position"], first["audio_url"]) == ("running", None, None)
    assert (second["status"], second["position"], second["progress"]) == ("pending", 0, 0)


async def test_a_job_is_cancelled_once(client: Connect) -> None:
    it = await client(jobs__at_once=1)
    running, waiting = await it.generate("tone sleep:20"), await it.generate("tone")
    for id in (running, waiting):
        assert await it.ask("DELETE", f"/api/tts/jobs/{id}", 204) == b""
        assert (await it.ask("GET", f"/api/tts/jobs/{id}"))["status"] == "cancelled"
        await it.ask("DELETE", f"/api/tts/jobs/{id}", 409)
        await it.ask("GET", f"/api/tts/jobs/{id}/audio", 409)


async def test_one_that_is_over_is_deleted_with_its_audio(client: Connect) -> None:
    it = await client()
    running = await it.generate("tone sleep:20")
    await it.ask("DELETE", f"/api/tts/jobs/{running}?purge=true", 409)
    await it.ask("DELETE", f"/api/tts/jobs/{running}", 204)
    done = await it.generate("tone", words=False)
    await it.over(done)
    assert len(it.working.files()) == 1
    await it.ask("DELETE", f"/api/tts/jobs/{done}?purge=true", 204)
    await it.ask("GET", f"/api/tts/jobs/{done}", 404)
    assert it.working.files() == []


async def test_there_is_no_such_job(client: Connect) -> None:
    it = await client()
    for path in ("", "/audio", "/words", "/words.srt"):
        await it.ask("GET", f"/api/tts/jobs/nothing{path}", 404)
    for id in ("%00", "%ff%fe", "..%2f..%2fhistory.db", "x" * 1000, "%F0%9F%98%80", "-"):
        await it.ask("GET", URL(f"/api/tts/jobs/{id}", encoded=True), 404)
    await it.ask("DELETE", "/api/tts/jobs/nothing", 404)


async def test_audio_that_is_not_ready_or_not_kept_any_more(client: Connect) -> None:
    it = await client()
    job = await it.generate("tone sleep:0.3 tone")
    await it.ask("GET", f"/api/tts/jobs/{job}/audio", 409)
    await it.over(job)
    for path in it.working.files():
        path.unlink()
    refused = await it.ask("GET", f"/api/tts/jobs/{job}/audio", 404)
    assert "not kept any more" in refused["detail"]
    await it.working.history.change(job, file=None, bytes=0)
    assert (await it.ask("GET", f"/api/tts/jobs/{job}"))["audio_url"] is None
    await it.ask("GET", f"/api/tts/jobs/{job}/audio", 404)


async def test_parts_of_the_audio_can_be_had(client: Connect) -> None:
    it = await client()
    url = (await it.over(await it.generate("tone tone")))["audio_url"]
    whole = await it.ask("GET", url)
    for asked, expected in (("bytes=0-3", whole[:4]), ("bytes=44-", whole[44:]), ("bytes=-10", whole[-10:])):
        assert await it.ask("GET", url, 206, headers={"Range": asked}) == expected
    await it.ask("GET", url, 416, headers={"Range": f"bytes={len(whole) + 5}-"})
    async with it.session.head(url) as answer:
        assert (answer.status, int(answer.headers["Content-Length"])) == (200, len(whole))


@pytest.mark.slow
@pytest.mark.parametrize("kept", ["wav", "mp3", "opus", "aac", "flac", "pcm"])
async def test_every_format_is_kept_and_can_be_had_as_another(client: Connect, kept: str) -> None:
    it = await client()
    job = await it.over(await it.generate("tone tone tone tone", output_format=kept))
    assert job["status"] == "complete" and job["format"] == kept
    async with it.session.get(job["audio_url"]) as answer:
        assert answer.headers["Content-Type"] == MEDIA_TYPES[kept]  # type: ignore[index]
        assert await answer.read()
    async with it.session.get(f"{job['audio_url']}?format=pcm") as answer:
        assert answer.headers["Content-Type"] == "audio/pcm"
        seconds = len(await answer.read()) / 48000
    assert seconds == pytest.approx(job["duration_seconds"], abs=0.1)


@pytest.mark.parametrize("kept", ["wav", "mp3", "opus", "flac"])
async def test_what_is_kept_tells_its_length(client: Connect, kept: str) -> None:
    it = await client()
    job = await it.over(await it.generate("tone tone tone tone", output_format=kept))
    told = soundfile.info(io.BytesIO(await it.ask("GET", job["audio_url"])))
    assert told.duration == pytest.approx(job["duration_seconds"], abs=0.03)


async def test_audio_can_be_had_in_another_format(client: Connect) -> None:
    it = await client()
    job = await it.over(await it.generate("tone tone tone tone"))
    async with it.session.get(f"{job['audio_url']}?format=flac") as answer:
        assert answer.headers["Content-Type"] == "audio/flac" and (await answer.read())[:4] == b"fLaC"
        assert answer.headers["Content-Disposition"].endswith('.flac"')
    await it.ask("GET", f"{job['audio_url']}?format=midi", 422)


async def test_names_of_files_are_safe(client: Connect) -> None:
    it = await client()
    nasty = '../../etc/passwd"; tone\r\nX-Evil: 1 ' + "tone " * 20
    job = await it.over(await it.generate(nasty))
    async with it.session.get(job["audio_url"]) as answer:
        assert answer.status == 200 and "X-Evil" not in answer.headers
        name = re.fullmatch(r'inline; filename="([a-z0-9-]+\.wav)"', answer.headers["Content-Disposition"])
        assert name and len(name[1]) < 60
    job = await it.over(await it.generate("Größe 光 tone"))
    async with it.session.get(job["audio_url"]) as answer:
        header = answer.headers["Content-Disposition"]
        assert "filename*=UTF-8''gr%C3%B6%C3%9Fe-%E5%85%89-tone.wav" in header and header.isascii()


async def test_a_failure_is_told(client: Connect) -> None:
    it = await client()
    job = await it.over(await it.generate("tone fail"))
    assert (job["status"], job["audio_url"], job["progress"]) == ("failed", None, 0)
    assert "headache" in job["error_message"]
    refused = await it.ask("GET", f"/api/tts/jobs/{job['id']}/audio", 409)
    assert "headache" in refused["detail"]


async def test_when_each_word_is_said(client: Connect) -> None:
    it = await client()
    job = await it.over(await it.generate("tone tone tone. Tone!", words=True))
    words = await it.ask("GET", job["words_url"])
    assert [word["text"] for word in words] == ["tone", "tone", "tone.", "Tone!"]
    times = [time for word in words for time in (word["start"], word["end"])]
    assert times == sorted(times) and times[-1] <= job["duration_seconds"] + 0.01
    async with it.session.get(f"{job['words_url']}.srt") as answer:
        assert answer.content_type == "application/x-subrip"
        assert (await answer.text()).startswith("1\n00:00:00,")
        assert answer.headers["Content-Disposition"] == 'inline; filename="tone-tone-tone-tone.srt"'
    async with it.session.get(f"{job['words_url']}.vtt") as answer:
        assert answer.content_type == "text/vtt" and (await answer.text()).startswith("WEBVTT\n")
    assert len(it.working.files()) == 2
    await it.ask("DELETE", f"/api/tts/jobs/{job['id']}?purge=true", 204)
    assert it.working.files() == []


async def test_words_that_nobody_asked_for_or_that_are_not_there_yet(client: Connect) -> None:
    it = await client(jobs__at_once=1)
    running, plain = await it.generate("tone sleep:0.3 tone", words=True), await it.generate("tone")
    await it.ask("GET", f"/api/tts/jobs/{running}/words", 409)
    job = await it.over(plain)
    assert job["words_url"] is None
    for suffix in ("", ".srt", ".vtt"):
        refused = await it.ask("GET", f"/api/tts/jobs/{plain}/words{suffix}", 404)
        assert "not asked for" in refused["detail"]


async def test_the_default_voice(default_service: Any) -> None:
    body = {"model_id": "hibari", "text": "The light is on.", "words": True, "pitch": 2}
    async with aiohttp.ClientSession(default_service.url) as session:
        async with session.post("/api/tts/generate", json=body) as answer:
            assert answer.status == 202
            id = (await answer.json())["job_id"]
        job: Any = None
        async with asyncio.timeout(30):
            while job is None or job["status"] in ("pending", "running"):
                await asyncio.sleep(0.05)
                async with session.get(f"/api/tts/jobs/{id}") as answer:
                    job = await answer.json()
        assert (job["status"], job["voice_id"], job["format"]) == ("complete", "hibari/heart", "mp3")
        async with session.get(job["words_url"]) as answer:
            assert [word["text"] for word in await answer.json()] == ["The", "light", "is", "on."]
        async with session.get(f"{job['audio_url']}?format=pcm") as answer:
            pcm = np.frombuffer(await answer.read(), np.int16)
        assert len(pcm) / 24000 == pytest.approx(job["duration_seconds"], abs=0.1) and abs(pcm).max() > 1000


async def test_clients_with_a_key_only(client: Connect) -> None:
    it = await client(http__api_key="secret")
    for method, path in (("POST", "generate"), ("GET", "jobs"), ("GET", "jobs/x/audio"), ("DELETE", "jobs/x")):
        await it.ask(method, f"/api/tts/{path}", 401)


async def test_nobody_else_can_read_the_files(client: Connect) -> None:
    it = await client()
    await it.over(await it.generate("tone"))
    for path in it.working.files():
        assert path.stat().st_mode & 0o077 == 0
