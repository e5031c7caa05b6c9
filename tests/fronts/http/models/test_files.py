"""The files of models over HTTP: from a hub, told how far they are, and off the disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from fronts.http.models.asked import WEIGHTS, Ask, download, from_hub, one
from hub_server import HubServer
from managed import until

from wyoming_openspeakers.events import Event, VoicesChanged
from wyoming_openspeakers.speech.request import SpeechRequest

pytestmark = pytest.mark.slow


async def test_a_model_is_downloaded_and_its_voices_are_there(client: Ask, server: HubServer) -> None:
    async with client(from_hub()) as it:
        assert (await it.model("remote"))["disk_bytes"] == 0
        ended = await download(it, "remote")
        assert (ended["state"], ended["done"], ended["error"]) == ("complete", len(WEIGHTS) + 10, None)
        told = await it.model("remote")
        assert told["url"].endswith("/owner/voices"), "the page of its files, where no other is named"
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


async def test_voices_that_come_and_go_are_told_once_and_are_true_then(client: Ask, server: HubServer) -> None:
    async with client(from_hub()) as it:
        told: list[bool] = []

        def see(event: Event) -> None:
            if isinstance(event, VoicesChanged):
                told.append(it.service.manager.catalog.find("remote/anna") is not None)

        it.service.bus.subscribe(see)
        await download(it, "remote")
        await until(lambda: bool(told))
        await download(it, "remote")
        await it.ask("GET", "/v1/audio/voices")
        assert told == [True], "files that are checked once more change nothing"
        await it.ask("DELETE", "/api/models/remote/files")
        await it.ask("GET", "/v1/audio/voices")
        assert told == [True, False]


async def test_a_model_of_the_hub_is_among_the_voices_when_they_are_told(client: Ask, server: HubServer) -> None:
    models = {**one(standby=True), "on_demand": {"engine": "faults.engine", "environment": "service"}}
    async with client(models, hub__on_demand=True) as it:
        told: list[set[str]] = []

        def see(event: Event) -> None:
            if isinstance(event, VoicesChanged):
                told.append({voice.model for voice in it.service.manager.catalog.voices.values()})

        it.service.bus.subscribe(see)
        assert (await download(it, "owner/tts"))["state"] == "complete"
        await it.service.manager.renew_voices()
        assert told == [{"fault", "owner/tts"}]
