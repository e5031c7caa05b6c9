"""The models of a real service over HTTP: what is told of them, in and out of memory, from a hub and off the disk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fault_models import models_file
from hub_server import HubServer, Repo, hub_server

from wyoming_openspeakers.models.hub import fetch as hub
from wyoming_openspeakers.models.hub import lookup as hub_lookup
from wyoming_openspeakers.models.hub import on_demand, trending
from wyoming_openspeakers.models.hub.client import hub_client
from wyoming_openspeakers.service import Service
from wyoming_openspeakers.speech.request import SpeechRequest

pytestmark = pytest.mark.slow

StartService = Callable[..., Any]
Ask = Callable[..., Any]

COMMIT = "1" * 40
WEIGHTS = bytes(range(256)) * 4096


class Client:
    """Asks a service."""

    def __init__(self, session: aiohttp.ClientSession, service: Service) -> None:
        self._session = session
        self.service = service

    async def ask(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        """What is answered, which must have this status."""
        async with self._session.request(method, path, **more) as answer:
            body = await answer.json() if answer.content_type == "application/json" else await answer.text()
            assert answer.status == status, body
            return body

    async def model(self, name: str = "fault") -> Any:
        """What is told of a model."""
        return await self.ask("GET", f"/api/models/{name}")

    async def until(self, path: str, condition: Callable[[Any], bool], patience: float = 5) -> Any:
        """Ask until something is so."""
        deadline = time.monotonic() + patience
        while not condition(told := await self.ask("GET", path)):
            assert time.monotonic() < deadline, told
            await asyncio.sleep(0.02)
        return told


@pytest.fixture
async def client(start: StartService) -> AsyncIterator[Callable[..., Any]]:
    """A client of a new service: `async with client(models) as it`."""

    @asynccontextmanager
    async def begin(models: dict[str, Any] | None = None, **flags: Any) -> AsyncIterator[Client]:
        service = await start(models, **flags)
        url = next(address for address in service.addresses if address.startswith("http:"))
        async with aiohttp.ClientSession(url) as session:
            yield Client(session, service)

    yield begin


def one(standby: bool = False, **entry: Any) -> dict[str, Any]:
    """A models.yaml with the one model `fault`."""
    models = models_file(fault={})
    models["models"]["fault"] |= {"standby": standby, **entry}
    return models


# What is told


async def test_all_that_is_to_know_of_a_model(client: Ask) -> None:
    entry: dict[str, Any] = {
        "name": "Fault",
        "description": "Fails on command",
        "licence": "MIT",
        "url": "https://example.org",
        "aliases": ["tts-9"],
        "vram": "1.5GB",
        "ram": "200MB",
        "gated": False,
        "sample_rate": 16000,
        "parameters": {"level": 0.5, "languages": ["de-DE", "en-US"]},
    }
    async with client(one(**entry)) as it:
        told = await it.model()
        assert await it.model("tts-9") == told
        assert await it.ask("GET", "/api/models") == [told]
    parameters = told.pop("parameters")
    # What is configured, or what was measured when it had been loaded in the meantime.
    assert 0 <= told.pop("ram_gb_estimate") <= 0.2
    assert told == {
        "id": "fault",
        "name": "Fault",
        "description": "Fails on command",
        "engine": "faults.engine",
        "aliases": ["tts-9"],
        "supports_voice_cloning": False,
        "supports_streaming": True,
        "supports_speed": True,
        "supports_pitch": True,
        "supports_dialogue": False,
        "supports_instructions": False,
        "supports_voice_design": False,
        "supports_mixing": False,
        "supports_words": False,
        "supported_languages": ["de-DE", "en-US"],
        "default_voice": "plain",
        "voices": 1,
        "sample_rate": 16000,
        "hf_repo": None,
        "revision": None,
        "url": "https://example.org",
        "license": "MIT",
        "engine_license": "",
        "gated": False,
        "vram_gb_estimate": 0.0,
        "installed": True,
        "problem": None,
        "disk_bytes": 0,
        "downloads_by_voice": False,
        "download_bytes": 0,
        "download": None,
        "partial_bytes": 0,
        "is_loaded": told["is_loaded"],
        "status": told["status"],
        "device": told["device"],
        "memory": told["memory"],
        "standby": False,
        "keep_alive_seconds_remaining": told["keep_alive_seconds_remaining"],
    }
    assert parameters["type"] == "object"
    assert parameters["properties"]["speed"] == {"type": "number", "minimum": 0.5, "maximum": 2.0, "default": 1.0}
    assert (parameters["properties"]["pitch"]["minimum"], parameters["properties"]["pitch"]["maximum"]) == (-12, 12)
    assert parameters["properties"]["level"] == {"type": "number", "default": 0.5, "x-in": "extra"}


async def test_a_model_that_cannot_be_used_says_how_to_mend_that(client: Ask) -> None:
    models = {"models": {"hibari": {"enabled": False}, "kokoro": {"languages": ["en-GB"]}}}
    async with client(models) as it:
        piper, kokoro = await it.model("piper"), await it.model("kokoro")
    assert not kokoro["installed"] and "models download kokoro" in kokoro["problem"]
    assert kokoro["hf_repo"] == "onnx-community/Kokoro-82M-v1.0-ONNX" and len(kokoro["revision"]) == 40
    assert (kokoro["status"], kokoro["is_loaded"], kokoro["memory"], kokoro["voices"]) == ("cold", False, {}, 0)
    assert kokoro["supported_languages"] == ["en-GB"]
    assert "piper/VOICE" in piper["problem"]


async def test_a_public_list_tells_nothing_of_the_machine(client: Ask) -> None:
    models = one()
    models["models"]["kokoro"] = {}
    async with client(models, http__api_key="key", http__public_listing=True) as it:
        for told in (await it.model("kokoro"), (await it.ask("GET", "/api/models"))[0]):
            assert (told["id"], told["installed"]) == ("kokoro", False)
            assert told["problem"] == "It cannot be used as things are"
        await it.ask("GET", "/api/downloads", 401)
        key = {"Authorization": "Bearer key"}
        assert "models download kokoro" in (await it.ask("GET", "/api/models/kokoro", headers=key))["problem"]


@pytest.mark.parametrize("path", ["/api/models/nope", "/api/models/owner/name"])
async def test_a_model_that_is_not_there(client: Ask, path: str) -> None:
    async with client(one()) as it:
        told = await it.ask("GET", path, 404)
        assert told["code"] == "unknown-model" and "fault" in told["detail"]


async def test_a_list_of_thirty_models_is_told_at_once(client: Ask) -> None:
    models = models_file(**{f"m{n}": {} for n in range(30)})
    for entry in models["models"].values():
        entry["standby"] = False
    async with client(models) as it:
        assert len(await it.ask("GET", "/api/models")) == 30
        times = []
        for _ in range(20):
            began = time.monotonic()
            await it.ask("GET", "/api/models")
            times.append(time.monotonic() - began)
        assert sorted(times)[len(times) // 2] < 0.05, "20 ms on a machine that does nothing else"


# In memory


async def test_load_park_and_unload(client: Ask) -> None:
    async with client(one(parameters={"megabytes": 32})) as it:
        await it.ask("DELETE", "/api/models/fault/load")
        loaded = await it.ask("POST", "/api/models/fault/load", json={"keep_alive": "5m"})
        assert (loaded["status"], loaded["is_loaded"], loaded["device"]) == ("resident", True, "cpu")
        assert loaded["memory"]["cpu"] > 0
        assert 290 < loaded["keep_alive_seconds_remaining"] <= 300
        parked = await it.ask("POST", "/api/models/fault/park")
        assert (parked["status"], parked["is_loaded"], parked["device"]) == ("parked", False, "cpu")
        gone = await it.ask("DELETE", "/api/models/fault/load")
        assert (gone["status"], gone["device"], gone["memory"]) == ("cold", None, {})
        assert gone["keep_alive_seconds_remaining"] is None
        told = await it.ask("POST", "/api/models/fault/park", 409)
        assert told["code"] == "conflict"


@pytest.mark.parametrize("body", [None, {"keep_alive": None}])
async def test_a_model_that_is_kept_for_good_has_no_end(client: Ask, body: Any) -> None:
    async with client(one(standby=True)) as it:
        loaded = await it.ask("POST", "/api/models/fault/load", **({} if body is None else {"json": body}))
        assert (loaded["standby"], loaded["keep_alive_seconds_remaining"]) == (True, None)


@pytest.mark.parametrize("keep_alive", ["soon", True, [1]])
async def test_a_time_that_is_none_is_refused(client: Ask, keep_alive: Any) -> None:
    async with client(one()) as it:
        told = await it.ask("POST", "/api/models/fault/load", 422, json={"keep_alive": keep_alive})
        assert "keep_alive" in str(told)


@pytest.mark.slow
async def test_loading_fails_as_it_does(client: Ask) -> None:
    models = one()
    models["models"]["large"] = {"engine": "faults.engine", "ram": "500GB", "voice": "plain"}
    models["models"]["broken"] = {"engine": "faults.engine", "voice": "plain", "parameters": {"load_fail": True}}
    models["models"]["kokoro"] = {}
    async with client(models) as it:
        assert (await it.ask("POST", "/api/models/kokoro/load", 409))["code"] == "model-unavailable"
        assert (await it.ask("POST", "/api/models/large/load", 503))["code"] == "out-of-memory"
        told = await it.ask("POST", "/api/models/broken/load", 409)
        assert "damaged" in told["detail"]
        assert (await it.ask("POST", "/api/models/nope/load", 404))["code"] == "unknown-model"


async def test_a_model_that_speaks_has_no_end_in_sight(client: Ask) -> None:
    request = SpeechRequest(keep_alive=60)
    async with client(one()) as it, it.service.speech.speak(request, "tone sleep:5.") as response:
        await anext(response.pcm())
        assert (await it.model())["keep_alive_seconds_remaining"] is None


# Files


def from_hub(files: list[str] | None = None, **entry: Any) -> dict[str, Any]:
    """A models.yaml whose model has voices in files of the hub, and another that needs none."""
    hub_files = {"repo": "owner/voices", "revision": COMMIT, "files": files or ["voices.txt", "weights.bin"]}
    models = one(standby=True)
    models["models"]["remote"] = {"engine": "faults.engine", "voice": "plain", "hub": hub_files, **entry}
    return models


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    monkeypatch.setattr(hub, "_RETRY_AFTER", (0, 0))
    for module in (hub_lookup, on_demand):
        monkeypatch.setattr(module, "supported_types", lambda: frozenset({"vits"}))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with hub_server() as running:
        for module in (hub, hub_lookup, trending):
            monkeypatch.setattr(module, "hub_client", lambda token=None, endpoint=None: hub_client(token, running.url))
        running.repos["owner/voices"] = Repo(COMMIT, {"voices.txt": b"anna berta", "weights.bin": WEIGHTS})
        by_voice = {f"{voice}/{voice}.bin": voice.encode() * 9 for voice in ("de_DE-a-low", "de_DE-b-low")}
        running.repos["owner/each"] = Repo(COMMIT, by_voice)
        running.repos["owner/tts"] = Repo(
            COMMIT,
            {"config.json": b'{"model_type": "vits"}', "model.safetensors": WEIGHTS},
            details={"pipeline_tag": "text-to-speech"},
        )
        yield running


async def download(it: Client, model: str, **body: Any) -> Any:
    """Download a model and wait for the end."""
    told = await it.ask("POST", f"/api/models/{model}/download", 202, json=body)
    name = told["name"]
    ended = await it.until(
        "/api/downloads", lambda told: not told["downloads"] and any(each["name"] == name for each in told["ended"])
    )
    return next(each for each in ended["ended"] if each["name"] == name)


async def test_a_model_is_downloaded_and_its_voices_are_there(client: Ask, server: HubServer) -> None:
    async with client(from_hub()) as it:
        assert (await it.model("remote"))["disk_bytes"] == 0
        ended = await download(it, "remote")
        assert (ended["state"], ended["done"], ended["error"]) == ("complete", len(WEIGHTS) + 10, None)
        told = await it.model("remote")
        assert told["disk_bytes"] > len(WEIGHTS) and told["voices"] == 3
        assert told["download"] == ended
        assert (await it.service.manager.voices()).find("remote/anna")


@pytest.mark.slow
async def test_a_download_tells_how_far_it_is_and_can_be_cancelled(client: Ask, server: HubServer) -> None:
    server.rate = 1_000_000
    async with client(from_hub()) as it:
        await it.ask("POST", "/api/models/remote/download", 202)
        (running,) = (
            await it.until("/api/downloads", lambda told: told["downloads"] and told["downloads"][0]["done"])
        )["downloads"]
        assert (running["name"], running["state"], running["total"]) == ("remote", "downloading", len(WEIGHTS) + 10)
        assert (await it.model("remote"))["download"]["state"] == "downloading"
        told = await it.ask("DELETE", "/api/models/remote/files", 409)
        assert "cancel" in told["detail"]
        assert await it.ask("DELETE", "/api/models/remote/download", 204) == ""
        told = await it.until("/api/models/remote", lambda told: told["download"]["state"] == "cancelled")
        assert told["partial_bytes"] > 0
        await it.ask("DELETE", "/api/models/remote/download", 404)
        server.rate = 0
        assert (await download(it, "remote"))["state"] == "complete"
        assert (await it.model("remote"))["partial_bytes"] == 0


@pytest.mark.slow
async def test_a_download_is_cancelled_by_its_name(client: Ask, server: HubServer) -> None:
    server.hold_after = 500_000
    async with client(from_hub(["voices.txt", "weights.bin"])) as it:
        await it.ask("POST", "/api/models/remote/download", 202)
        await it.ask("DELETE", "/api/downloads/remote", 204)
        await it.ask("DELETE", "/api/downloads/remote/anna", 404)
        await it.until("/api/downloads", lambda told: not told["downloads"])
        server.go_on.set()


@pytest.mark.slow
async def test_voices_that_come_one_by_one(client: Ask, server: HubServer) -> None:
    models = from_hub()
    models["models"]["remote"]["hub"] |= {"repo": "owner/each", "files": ["{voice}/{voice}.bin"]}
    async with client(models) as it:
        told = await it.ask("POST", "/api/models/remote/download", 400)
        assert "name a voice" in told["detail"]
        for voice in ("de_DE-a-low", "de_DE-b-low"):
            assert (await download(it, "remote", voice=voice))["name"] == f"remote/{voice}"
        freed = await it.ask("DELETE", "/api/models/remote/files?voice=de_DE-a-low")
        assert freed == {"name": "remote/de_DE-a-low", "freed_bytes": 11 * 9}
        await it.ask("DELETE", "/api/models/remote/files?voice=de_DE-a-low", 404)
        assert (await it.model("remote"))["disk_bytes"] > 0
        await it.ask("DELETE", "/api/models/remote/files")
        assert (await it.model("remote"))["disk_bytes"] == 0


@pytest.mark.slow
async def test_files_go_with_the_model_that_nobody_uses(client: Ask, server: HubServer) -> None:
    async with client(from_hub()) as it:
        await download(it, "remote")
        await it.ask("POST", "/api/models/remote/load", json={"keep_alive": -1})
        freed = await it.ask("DELETE", "/api/models/remote/files")
        assert freed["freed_bytes"] == len(WEIGHTS) + 10
        told = await it.model("remote")
        assert (told["status"], told["voices"], told["disk_bytes"]) == ("cold", 1, 0)
        assert not (await it.service.manager.voices()).find("remote/anna")
        assert (await it.ask("DELETE", "/api/models/remote/files", 404))["code"] == "not-found"


@pytest.mark.slow
async def test_files_stay_while_somebody_speaks_with_them(client: Ask, server: HubServer) -> None:
    async with client(from_hub()) as it:
        await download(it, "remote")
        async with it.service.speech.speak(SpeechRequest(voice="remote/anna"), "tone sleep:5.") as response:
            await anext(response.pcm())
            assert (await it.ask("DELETE", "/api/models/remote/files", 409))["code"] == "conflict"
        assert (await it.model("remote"))["voices"] == 3


@pytest.mark.slow
async def test_files_of_the_users_own_stay(client: Ask, server: HubServer, tmp_path: Path) -> None:
    own = tmp_path / "own" / "remote"
    own.mkdir(parents=True)
    (own / "voices.txt").write_text("carla")
    async with client(from_hub(), models__paths=(str(tmp_path / "own"),)) as it:
        told = await it.ask("DELETE", "/api/models/remote/files", 409)
        assert "yours" in told["detail"] and str(tmp_path) not in told["detail"]
        by_hand = it.service.config.models_path / "remote"
        await download(it, "remote")
        (by_hand / "note.txt").write_text("mine")
        await it.ask("DELETE", "/api/models/remote/files")
        assert [path.name for path in by_hand.iterdir()] == ["note.txt"]
    assert (own / "voices.txt").read_text() == "carla"


async def test_what_comes_with_its_package_can_neither_be_fetched_nor_removed(client: Ask) -> None:
    async with client(one()) as it:
        for method, what in (("POST", "download"), ("DELETE", "files")):
            assert (await it.ask(method, f"/api/models/fault/{what}", 409))["code"] == "model-unavailable"


@pytest.mark.slow
async def test_a_download_that_fails_says_why(client: Ask, server: HubServer) -> None:
    del server.repos["owner/voices"]
    async with client(from_hub()) as it:
        ended = await download(it, "remote")
        assert ended["state"] == "failed" and "owner/voices" in ended["error"]
        assert (await it.model("remote"))["download"] == ended


@pytest.mark.slow
async def test_a_model_of_the_hub_comes_by_its_name_and_goes(client: Ask, server: HubServer) -> None:
    async with client(one(standby=True), hub__on_demand=True) as it:
        assert (await download(it, "owner/tts"))["state"] == "complete"
        told = await it.until("/api/models", lambda told: any(each["id"] == "owner/tts" for each in told))
        assert (await it.model("owner/tts"))["hf_repo"] == (await it.model("owner%2Ftts"))["hf_repo"] == "owner/tts"
        assert len(told) == 2
        await it.ask("DELETE", "/api/models/owner/tts/files")
        await it.ask("GET", "/api/models/owner/tts", 404)
        assert (await download(it, "owner/tts"))["state"] == "complete"


@pytest.mark.parametrize(
    ("name", "status"), [("owner/nothing", 502), ("nothing", 404), ("owner/a..b", 404), ("owner/tts@main", 404)]
)
async def test_a_model_of_the_hub_that_cannot_come(client: Ask, server: HubServer, name: str, status: int) -> None:
    async with client(one(standby=True), hub__on_demand=True) as it:
        await it.ask("POST", f"/api/models/{name}/download", status)
        assert (await it.ask("GET", "/api/downloads"))["downloads"] == []


@pytest.mark.slow
async def test_no_model_of_the_hub_comes_where_that_is_not_allowed(client: Ask, server: HubServer) -> None:
    async with client(one(standby=True)) as it:
        assert "hub.on_demand" in (await it.ask("POST", "/api/models/owner/tts/download", 404))["detail"]
    assert server.requests == []


# What others look at


async def test_the_trending_models(client: Ask, server: HubServer) -> None:
    server.listing = [
        {
            "id": "owner/tts",
            "pipeline_tag": "text-to-speech",
            "likes": 5,
            "downloads": 60,
            "tags": ["transformers", "license:mit"],
            "library_name": "transformers",
            "lastModified": "2026-01-02T03:04:05.000Z",
            "config": {"model_type": "vits"},
        },
        {"id": "owner/other"},
    ]
    async with client(one()) as it:
        told = await it.ask("GET", "/api/models/trending")
        assert (told["count"], told["stale"], told["problem"]) == (2, False, None)
        first = told["models"][0]
        wanted = {
            "id": "owner/tts",
            "pipeline_tag": "text-to-speech",
            "likes": 5,
            "downloads": 60,
            "tags": ["transformers", "license:mit"],
            "library_name": "transformers",
            "last_modified": "2026-01-02T03:04:05.000Z",
        }
        assert {key: first[key] for key in wanted} == wanted
        assert first["runs"] is True
        assert len((await it.ask("GET", "/api/models/trending?count=1"))["models"]) == 1
        assert len(server.queries) == 1, "the list is kept"
        await it.ask("GET", "/api/models/trending?refresh=true")
        assert len(server.queries) == 1, "it is as good as new"
        await it.ask("GET", "/api/models/trending?count=0", 422)


async def test_without_a_hub_there_is_no_list(client: Ask, server: HubServer) -> None:
    server.html = True
    async with client(one()) as it:
        assert (await it.ask("GET", "/api/models/trending", 502))["code"] == "model-files"
