"""Voices that users make, through real sockets: made over HTTP, spoken with everywhere in the same moment."""

from __future__ import annotations

import asyncio
import io
import json
import time
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fault_models import journal, models_file
from faults.mimic import MimicEngine
from recordings import recording, speech, wav
from wyoming_client import Client

from wyoming_openspeakers.config import load_config
from wyoming_openspeakers.models.profiles.profile import Profile
from wyoming_openspeakers.service import Service

pytestmark = pytest.mark.slow

StartService = Callable[..., Any]

OPENSPEAKERS = {
    "id", "name", "model_id", "description", "tags", "reference_text", "reference_text_status", "reference_language",
    "created_at",
}  # fmt: skip
"""What clients of OpenSpeakers know of a voice."""

RECORDING = wav(speech(8))
PRESET = {"name": "Bedtime", "voice": "fault/plain", "style": {"speed": 0.8}}


class Voices:
    """Asks a service about voices."""

    def __init__(self, service: Service, session: aiohttp.ClientSession) -> None:
        self.service = service
        self.session = session

    async def ask(self, method: str, path: str = "", status: int = 200, **more: Any) -> Any:
        async with self.session.request(method, f"/api/voices{path}", **more) as answer:
            text = await answer.text()
            assert answer.status == status, text
            return json.loads(text) if text else None

    async def clone(self, status: int = 201, audio: bytes | None = RECORDING, **fields: str) -> Any:
        form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
        for name, value in {"name": "Anna", "model_id": "mimic", **fields}.items():
            form.add_field(name, value)
        if audio is not None:
            form.add_field("reference_audio", audio, filename="../../anna.wav", content_type="audio/wav")
        return await self.ask("POST", "", status, data=form)

    @property
    def uri(self) -> str:
        return next(address for address in self.service.addresses if address.startswith("tcp:"))

    @property
    def kept(self) -> list[Path]:
        """All files of voices, and of uploads."""
        data = self.service.config.data_path
        return sorted(path for name in ("voices", "uploads") for path in (data / name).rglob("*"))

    async def wyoming_voices(self) -> set[str]:
        async with Client(self.uri) as client:
            info = await client.info()
        return {voice["name"] for voice in info.data["tts"][0]["voices"]}

    async def openai_voices(self) -> set[str]:
        async with self.session.get("/v1/audio/voices") as answer:
            return {voice["id"] for voice in (await answer.json())["voices"]}


def _models(**parameters: dict[str, Any]) -> dict[str, Any]:
    models = models_file(fault=parameters.get("fault", {}), mimic=parameters.get("mimic", {}))
    models["models"]["mimic"]["engine"] = "faults.mimic"
    for name in parameters.get("without", ()):
        models["models"].pop(name)
    return models


@pytest.fixture
async def voices(start: StartService) -> AsyncIterator[Voices]:
    async with _asking(await start(_models())) as asking:
        yield asking


@asynccontextmanager
async def _asking(service: Service) -> AsyncIterator[Voices]:
    url = next(address for address in service.addresses if address.startswith("http:"))
    async with aiohttp.ClientSession(url) as session:
        yield Voices(service, session)


async def test_a_preset_is_a_voice_everywhere_at_once_and_gone_at_once(
    start: StartService, tmp_path: Path
) -> None:
    asked = tmp_path / "asked"
    async with _asking(await start(_models(fault={"journal": str(asked)}))) as voices:
        await voices.service.manager.load("fault")
        began = time.monotonic()
        made = await voices.ask("POST", "", 201, json=PRESET)
        assert (made["kind"], made["model_id"], made["full_name"]) == ("preset", "fault", "fault/Bedtime")
        assert made["available"] and not made["read_only"]
        assert "fault/Bedtime" in await voices.wyoming_voices()
        assert "fault/Bedtime" in await voices.openai_voices()
        for name in ("Bedtime", "fault/Bedtime", made["id"]):
            async with Client(voices.uri) as client:
                spoken = await client.synthesize(f"tone tone {name[:4]}.", voice=name)
            assert spoken.pcm and spoken.error is None
        assert time.monotonic() - began < 5
        assert {entry["speed"] for entry in journal(asked)} == {0.8}
        assert await voices.ask("DELETE", f"/{made['id']}", 204) is None
        assert "fault/Bedtime" not in await voices.wyoming_voices()
        body = {"model": "fault", "voice": "Bedtime", "input": "tone."}
        async with voices.session.post("/v1/audio/speech", json=body) as answer:
            assert answer.status == 404 and "Bedtime" in (await answer.json())["error"]["message"]
        await voices.ask("GET", f"/{made['id']}", 404)


async def test_a_clone_is_heard_kept_and_deleted(voices: Voices) -> None:
    made = await voices.clone(consent="true", reference_text="Hello there", reference_language="en", tags="a, b")
    assert made.keys() >= OPENSPEAKERS
    assert (made["kind"], made["name"], made["model_id"], made["consent"]) == ("cloned", "Anna", "mimic", True)
    assert (made["reference_text"], made["reference_text_status"]) == ("Hello there", "manual")
    (sample,) = made["samples"]
    assert (sample["name"], made["tags"], made["warnings"]) == ("anna.wav", ["a", "b"], [])
    for path in (made["audio_url"], sample["audio_url"]):
        async with voices.session.get(path) as answer:
            assert answer.status == 200 and answer.content_type == "audio/wav"
            assert answer.headers["Cache-Control"] == "private, no-cache"
            with wave.open(io.BytesIO(await answer.read())) as audio:
                assert audio.getframerate() == 24_000 and audio.getnframes() / 24_000 == pytest.approx(8, abs=0.3)
    assert [path.name for path in voices.kept if path.is_file()] == [f"{sample['id']}.wav", "profile.json"]
    await voices.ask("DELETE", f"/{made['id']}", 204)
    assert voices.kept == [] and await voices.ask("GET") == {"voices": [], "total": 0}
    for path in (made["audio_url"], sample["audio_url"]):
        async with voices.session.get(path) as answer:
            assert answer.status == 404 and (await answer.json())["code"] == "not-found"


async def test_a_part_of_a_recording(voices: Voices) -> None:
    url = (await voices.clone())["audio_url"]
    async with voices.session.get(url, headers={"Range": "bytes=0-3"}) as answer:
        assert answer.status == 206 and await answer.read() == b"RIFF"
        etag = answer.headers["ETag"]
    async with voices.session.get(url, headers={"If-None-Match": etag}) as answer:
        assert answer.status == 304
    async with voices.session.get(url, headers={"Range": "bytes=99999999-"}) as answer:
        assert answer.status == 416
    async with voices.session.head(url) as answer:
        assert answer.status == 200 and int(answer.headers["Content-Length"]) > 300_000


async def test_consent(voices: Voices) -> None:
    refused = await voices.clone(422, consent="false")
    assert (refused["code"], refused["param"]) == ("consent-needed", "consent") and "consent=true" in refused["detail"]
    assert voices.kept == []
    made = await voices.clone()
    assert made["consent"] is False and any("agrees" in warning for warning in made["warnings"])
    refused = await voices.ask("PATCH", f"/{made['id']}", 422, json={"consent": False})
    assert "delete" in refused["detail"]
    agreed = await voices.ask("PATCH", f"/{made['id']}", json={"consent": True})
    assert agreed["consent"] is True and agreed["warnings"] == []


@pytest.mark.parametrize(
    ("audio", "status", "code"),
    [
        (b"", 422, "bad-audio"),
        (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", 422, "bad-audio"),
        (wav(speech(1)), 422, "bad-audio"),
        (None, 422, "invalid-profile"),
    ],
)
async def test_of_what_is_refused_nothing_is_kept(voices: Voices, audio: bytes | None, status: int, code: str) -> None:
    refused = await voices.clone(status, audio, kind="cloned")
    assert refused["code"] == code and refused["detail"]
    assert voices.kept == [] and (await voices.ask("GET"))["total"] == 0


async def test_a_recording_that_is_too_long(start: StartService) -> None:
    async with _asking(await start(_models(), http__max_upload_seconds=5)) as voices:
        assert (await voices.clone(413))["code"] == "too-large"
        assert voices.kept == []


async def test_what_is_soft_comes_back_as_warnings(voices: Voices) -> None:
    made = await voices.clone(audio=recording("mp3", 3), consent="true")
    assert any("better voice" in warning for warning in made["warnings"])


async def test_models_that_cannot_clone(start: StartService) -> None:
    async with _asking(await start(_models())) as voices:
        refused = await voices.clone(409, model_id="fault")
        assert refused["detail"] == "fault cannot speak like a recording; these can: mimic"
        assert "nothing" in (await voices.clone(404, model_id="nothing"))["detail"]
        assert (await voices.clone(model_id=""))["model_id"] == "mimic"
        refused = await voices.ask("POST", "", 409, json={"name": "X", "design": "old", "model_id": "fault"})
        assert "mimic" in refused["detail"]
    async with _asking(await start(models_file(fault={}))) as voices:
        assert "nor can any other" in (await voices.clone(409, model_id="fault"))["detail"]
        assert "No model here" in (await voices.clone(409, model_id=""))["detail"]


async def test_a_designed_voice(voices: Voices) -> None:
    body = {"name": "Gran", "kind": "designed", "design": "An old lady", "model_id": "mimic", "language": "de"}
    made = await voices.ask("POST", "", 201, json=body)
    assert (made["kind"], made["design"], made["full_name"]) == ("designed", "An old lady", "mimic/Gran")
    changed = await voices.ask("PATCH", f"/{made['id']}", json={"design": "A young man", "gender": "male"})
    assert (changed["design"], changed["gender"], changed["language"]) == ("A young man", "male", "de")


@pytest.mark.parametrize(
    "name", ["plain", "fault/plain", "fault", "MIMIC", "Alloy", "a/b", "a+b", "", "x" * 61, "bedtime", "\n"]
)
async def test_names_that_are_taken_or_cannot_be(voices: Voices, name: str) -> None:
    await voices.ask("POST", "", 201, json=PRESET)
    async with voices.session.post("/api/voices", json={**PRESET, "name": name}) as answer:
        assert answer.status in (409, 422) and (await answer.json())["detail"]
    assert (await voices.ask("GET"))["total"] == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "X"}, 422),
        ({"name": "X", "voice": "nobody"}, 404),
        ({"name": "X", "kind": "cloned", "model_id": "mimic"}, 422),
        ({"name": "X", "voice": "fault/plain", "style": {"speed": 9}}, 422),
        ({"name": "X", "voice": "fault/plain", "style": "{"}, 422),
        ({"name": "X", "voice": "fault/plain", "tags": ["x"] * 21}, 422),
        ({"name": "X", "voice": "fault/plain", "language": "../../x"}, 422),
        ({"voice": "fault/plain"}, 422),
    ],
)
async def test_what_cannot_be_made(voices: Voices, body: dict[str, Any], status: int) -> None:
    assert (await voices.ask("POST", "", status, json=body))["detail"]
    assert voices.kept == []


async def test_a_voice_is_changed(voices: Voices) -> None:
    made = await voices.clone(reference_text="one", consent="true")
    body = {
        "name": "Anne", "description": "Mother", "tags": ["x"], "reference_text": "two", "reference_language": "en",
        "style": {"pitch": -2}, "unknown": 1,
    }  # fmt: skip
    changed = await voices.ask("PATCH", f"/{made['id']}", json=body)
    assert (changed["id"], changed["name"], changed["full_name"]) == (made["id"], "Anne", "mimic/Anne")
    assert (changed["reference_text"], changed["reference_language"]) == ("two", "en")
    assert (changed["style"]["speed"], changed["style"]["pitch"], changed["description"]) == (1.0, -2.0, "Mother")
    assert changed == await voices.ask("GET", f"/{made['id']}")
    assert {"mimic/Anne"} == {name for name in await voices.wyoming_voices() if "Ann" in name}
    assert (await voices.ask("PATCH", f"/{made['id']}", json={"name": "ANNE"}))["name"] == "ANNE"
    await voices.ask("PATCH", f"/{made['id']}", 409, json={"name": "plain"})
    await voices.ask("PATCH", f"/{made['id']}", 422, json={"voice": "fault/plain"})
    await voices.ask("PATCH", f"/{made['id']}", 409, json={"model_id": "fault"})
    await voices.ask("PATCH", "/nobody", 404, json={"name": "x"})


async def test_a_preset_of_a_clone_outlives_a_new_name(voices: Voices) -> None:
    clone = await voices.clone()
    preset = await voices.ask("POST", "", 201, json={"name": "Slow Anna", "voice": "Anna", "style": {"speed": 0.7}})
    await voices.ask("PATCH", f"/{clone['id']}", json={"name": "Anne"})
    assert (await voices.ask("GET", f"/{preset['id']}"))["available"]
    await voices.ask("DELETE", f"/{clone['id']}", 204)
    lost = await voices.ask("GET", f"/{preset['id']}")
    assert not lost["available"] and lost["full_name"] is None and "lends from" in lost["problem"]
    refused = await voices.ask("POST", f"/{preset['id']}/test", 409, json={})
    assert "lends from" in refused["detail"]


async def test_no_voice_lends_from_itself(voices: Voices) -> None:
    one = await voices.ask("POST", "", 201, json=PRESET)
    two = await voices.ask("POST", "", 201, json={"name": "Two", "voice": "Bedtime"})
    for base in ("Bedtime", "Two"):
        await voices.ask("PATCH", f"/{one['id']}", 409, json={"voice": base})
    assert (await voices.ask("GET", f"/{two['id']}"))["available"]


async def test_models_that_read_along_need_the_words(voices: Voices, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await voices.clone()
    monkeypatch.setattr(MimicEngine, "capabilities", replace(MimicEngine.capabilities, needs_transcript=True))
    refused = await voices.clone(422, name="Bea")
    assert refused["param"] == "reference_text"
    assert (await voices.clone(name="Bea", reference_text="Hello"))["reference_text"] == "Hello"
    await voices.ask("PATCH", f"/{made['id']}", json={"name": "Old"})
    await voices.ask("PATCH", f"/{made['id']}", 422, json={"reference_text": " "})


async def test_more_recordings(voices: Voices) -> None:
    made = await voices.clone()
    form = aiohttp.FormData({"reference_text": "more"})
    form.add_field("reference_audio", recording("flac", 8), filename="b.flac")
    two = await voices.ask("POST", f"/{made['id']}/samples", 201, data=form)
    assert [sample["name"] for sample in two["samples"]] == ["anna.wav", "b.flac"]
    second = two["samples"][1]["id"]
    changed = await voices.ask("PATCH", f"/{made['id']}/samples/{second}", json={"reference_text": "others"})
    assert [sample["reference_text"] for sample in changed["samples"]] == ["", "others"]
    one = await voices.ask("DELETE", f"/{made['id']}/samples/{made['samples'][0]['id']}")
    assert [sample["id"] for sample in one["samples"]] == [second]
    await voices.ask("DELETE", f"/{made['id']}/samples/{second}", 409)
    await voices.ask("DELETE", f"/{made['id']}/samples/..%2f..%2fx", 404)
    assert len([path for path in voices.kept if path.suffix == ".wav"]) == 1


async def test_a_voice_is_tried(voices: Voices) -> None:
    made = await voices.ask("POST", "", 201, json=PRESET)
    test = await voices.ask("POST", f"/{made['id']}/test", 202, json={"output_format": "wav"})
    assert test["similarity"] is None and test["similarity_note"] and test["text"].startswith("Hello")
    for _ in range(100):
        async with voices.session.get(f"/api/tts/jobs/{test['job_id']}") as answer:
            job = await answer.json()
        if job["status"] == "complete":
            break
        await asyncio.sleep(0.05)
    assert job["voice_profile_id"] == made["id"]
    async with voices.session.get(test["audio_url"]) as answer:
        assert answer.status == 200 and (await answer.read())[:4] == b"RIFF"


async def test_presets_of_the_configuration_are_listed_and_left_alone(start: StartService) -> None:
    presets = {"story": {"voice": "fault/plain", "speed": 0.9}, "lost": {"voice": "nobody"}}
    async with _asking(await start(_models(), voice__presets=presets)) as voices:
        listed = {voice["name"]: voice for voice in (await voices.ask("GET"))["voices"]}
        assert listed["story"]["read_only"] and listed["story"]["full_name"] == "fault/story"
        assert listed["lost"]["problem"] and not listed["lost"]["available"]
        for method, more in (("DELETE", {}), ("PATCH", {"json": {"name": "x"}})):
            refused = await voices.ask(method, f"/{listed['story']['id']}", 409, **more)
            assert "voice.presets" in refused["detail"]
        await voices.ask("GET", f"/{listed['story']['id']}/audio", 404)


async def test_lists_are_searched(voices: Voices) -> None:
    for name, tags in (("Ben", ["work"]), ("Carla", ["home", "Night"]), ("Dora", ["home"])):
        await voices.ask("POST", "", 201, json={"name": name, "voice": "fault/plain", "tags": tags})
    await voices.ask("POST", "", 201, json={"name": "Emil", "design": "deep", "model_id": "mimic"})

    async def names(query: str) -> list[str]:
        found = await voices.ask("GET", f"?{query}")
        assert found["total"] == len(found["voices"])
        return [voice["name"] for voice in found["voices"]]

    assert await names("") == ["Emil", "Dora", "Carla", "Ben"]
    assert await names("search=AR") == ["Carla"]
    assert await names("search=night") == ["Carla"]
    assert await names("tag=HOME") == ["Dora", "Carla"]
    assert await names("kind=designed") == await names("model_id=mimic") == ["Emil"]
    assert await names("model_id=nothing") == []
    await voices.ask("GET", "?kind=other", 422)


async def test_voices_that_models_have_of_their_own(voices: Voices) -> None:
    await voices.ask("POST", "", 201, json=PRESET)
    assert await voices.ask("GET", "/builtin/fault") == [
        {"id": "plain", "name": "Plain", "language": "en-US", "gender": None, "model_id": "fault"}
    ]
    await voices.ask("GET", "/builtin/nothing", 404)


async def test_voices_are_there_after_a_restart_and_say_when_their_model_is_not(tmp_path: Path) -> None:
    async with _service(tmp_path, _models()) as voices:
        made = await voices.clone()
    async with _service(tmp_path, _models()) as voices:
        assert await voices.ask("GET", f"/{made['id']}") == made
        assert "mimic/Anna" in await voices.wyoming_voices()
    async with _service(tmp_path, models_file(fault={})) as voices:
        lost = await voices.ask("GET", f"/{made['id']}")
        assert not lost["available"] and "no model mimic" in lost["problem"]
        assert "no model mimic" in (await voices.ask("POST", f"/{made['id']}/test", 409, json={}))["detail"]


@asynccontextmanager
async def _service(folder: Path, models: dict[str, Any]) -> AsyncIterator[Voices]:
    """A service whose data outlive it."""
    (folder / "models.yaml").write_text(json.dumps(models))
    flags = {"wyoming.uris": ["tcp://127.0.0.1:0"], "wyoming.zeroconf": False, "http.address": "127.0.0.1:0"}
    service = Service(load_config(flags={"data_dir": str(folder / "data"), **flags}), folder / "models.yaml")
    await service.start()
    try:
        async with _asking(service) as voices:
            yield voices
    finally:
        await service.stop()


@pytest.mark.slow
async def test_five_hundred_voices_are_listed_at_once(voices: Voices) -> None:
    store = voices.service.profiles
    draft = Profile("", "", "preset", "fault", voice="fault/plain", description="A voice", tags=("a", "b"))
    for number in range(500):
        await store.create(replace(draft, name=f"Voice {number}"))
    await voices.service.manager.renew_voices()
    times = []
    for _ in range(10):
        began = time.perf_counter()
        listed = await voices.ask("GET")
        times.append(time.perf_counter() - began)
    assert listed["total"] == 500 and all(voice["available"] for voice in listed["voices"])
    assert min(times) < 0.05, times
