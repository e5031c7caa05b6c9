"""Models of the hub that are in no list, with the real client library and a hub on localhost."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hub_server import HubServer, Repo, hub_server

from wyoming_openspeakers.config import Config, load_config
from wyoming_openspeakers.errors import ModelFilesError, ModelUnavailable, SpeechError, UnknownModel
from wyoming_openspeakers.events import EventBus
from wyoming_openspeakers.models.hub import fetch as hub
from wyoming_openspeakers.models.hub import lookup as hub_lookup
from wyoming_openspeakers.models.hub import on_demand
from wyoming_openspeakers.models.hub.downloads import Downloads
from wyoming_openspeakers.models.hub.installed import is_installed, remove, verify
from wyoming_openspeakers.models.hub.names import files_of
from wyoming_openspeakers.models.hub.on_demand import OnDemand
from wyoming_openspeakers.models.registry import Registry, RegistryFile

pytestmark = pytest.mark.slow

COMMIT = "1" * 40
NEXT = "2" * 40
NAME = "owner/tts"
WEIGHTS = bytes(range(256)) * 2000
FILES = {
    "config.json": json.dumps({"model_type": "vits"}).encode(),
    "vocab.json": b"{}",
    "model.safetensors": WEIGHTS,
    "pytorch_model.bin": WEIGHTS[::-1],
    "flax_model.msgpack": b"flax",
    "README.md": b"# A model",
}
WANTED = {"config.json", "vocab.json", "model.safetensors"}


class Place:
    """All that fetches models on demand, as after a start of the service."""

    def __init__(self, server: HubServer, data: Path, **flags: Any) -> None:
        settings = {"data_dir": str(data), "hub.on_demand": True, "hub.token": "hf_secret", **flags}
        self.config: Config = load_config(flags=settings)
        self.registry = Registry(RegistryFile(), [self.config.models_path], data / "cache")
        self.downloads = Downloads(self.registry, EventBus(), self.config.hub.token, endpoint=server.url)
        self.on_demand = OnDemand(self.config, self.registry, self.downloads, endpoint=server.url)
        self.folder = self.config.models_path / "owner--tts"


Start = Callable[..., Place]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    monkeypatch.setattr(hub, "_RETRY_AFTER", (0, 0))
    for module in (hub_lookup, on_demand):
        monkeypatch.setattr(module, "supported_types", lambda: frozenset({"vits", "speecht5"}))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with hub_server() as running:
        running.repos[NAME] = Repo(COMMIT, FILES, details={"pipeline_tag": "text-to-speech"})
        yield running


@pytest.fixture
def start(server: HubServer, tmp_path: Path) -> Start:
    return lambda **flags: Place(server, tmp_path / "data", **flags)


async def refused(place: Place, error: type[SpeechError], name: str = NAME) -> str:
    with pytest.raises(error) as caught:
        await place.on_demand.get(name)
    assert not place.registry.models
    text = str(caught.value)
    assert "hf_secret" not in text and "http" not in text and "\n" not in text
    return text


async def test_a_model_is_fetched_by_its_name_and_known_then(server: HubServer, start: Start) -> None:
    place = start()
    assert await place.on_demand.get(NAME) == NAME
    assert {path.name for path in place.folder.iterdir()} - {".hub.json", ".lock"} == WANTED
    entry = place.registry.entry(NAME)
    assert entry.hub and entry.hub.revision == COMMIT
    assert not entry.trust_remote_code
    assert place.registry.folder(NAME) == place.folder
    assert verify(place.folder) == []
    seen = len(server.requests)
    assert await place.on_demand.get(NAME) == NAME
    assert len(server.requests) == seen


async def test_everyone_who_asks_waits_for_one_download(server: HubServer, start: Start) -> None:
    place = start()
    assert await asyncio.gather(*(place.on_demand.get(NAME) for _ in range(4))) == [NAME] * 4
    assert len(server.sent) == 1
    assert len(server.paths("/api/models")) == 2, "to look it up, and to download it"


async def test_after_a_restart_it_is_known_again_without_a_network(server: HubServer, start: Start) -> None:
    await start().on_demand.get(NAME)
    server.requests.clear()
    again = start()
    again.on_demand.restore()
    assert list(again.registry.models) == [NAME]
    model, files = files_of(again.registry, NAME)
    assert is_installed(again.registry.folder(model), files)
    assert await again.on_demand.get(NAME) == NAME
    assert server.requests == []
    remove(again.registry.folder(model), files)
    assert not again.folder.exists()


async def test_what_was_fetched_stays_when_no_more_may_be_fetched(server: HubServer, start: Start) -> None:
    await start().on_demand.get(NAME)
    closed = start(**{"hub.on_demand": False})
    assert await closed.on_demand.get(NAME) == NAME


async def test_half_a_download_is_not_known_after_a_restart_and_goes_on(server: HubServer, start: Start) -> None:
    server.cuts = [200_000, 0, 0, 0, 0]
    assert "what has come is kept" in await refused(start(), ModelFilesError)
    again = start()
    again.on_demand.restore()
    assert not again.registry.models
    server.requests.clear()
    server.cuts.clear()
    await again.on_demand.get(NAME)
    assert [request.range for request in server.requests if request.path.startswith("/cdn")] == ["bytes=200000-"]


async def test_the_download_is_one_of_the_services(server: HubServer, start: Start) -> None:
    place = start()
    server.hold_after = 100_000
    asking = asyncio.create_task(place.on_demand.get(NAME))
    for _ in range(500):
        if sum(server.sent) >= 100_000:
            break
        await asyncio.sleep(0.01)
    assert [active.name for active in place.downloads.active()] == [NAME]
    place.downloads.cancel(NAME)
    with pytest.raises(ModelFilesError, match="was cancelled"):
        await asking
    assert not place.registry.models


async def test_a_client_that_leaves_does_not_end_it(server: HubServer, start: Start) -> None:
    place = start()
    server.hold_after = 100_000
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(place.on_demand.get(NAME), 0.3)
    server.go_on.set()
    assert await place.on_demand.get(NAME) == NAME
    assert len(server.sent) == 1


async def test_who_only_begins_it_does_not_wait_for_the_end(server: HubServer, start: Start) -> None:
    place = start()
    server.hold_after = 100_000
    await asyncio.gather(*(place.on_demand.begin(NAME) for _ in range(3)))
    assert [active.name for active in place.downloads.active()] == [NAME]
    assert not place.registry.models
    await place.on_demand.begin(NAME)
    server.go_on.set()
    assert await place.on_demand.get(NAME) == NAME
    await place.on_demand.begin(NAME)
    assert len(server.sent) == 1
    assert not place.downloads.active()


async def test_what_cannot_be_begun_says_so(server: HubServer, start: Start) -> None:
    place = start()
    with pytest.raises(ModelFilesError):
        await place.on_demand.begin("owner/nothing")
    with pytest.raises(UnknownModel):
        await start(**{"hub.on_demand": False}).on_demand.begin(NAME)


async def test_a_model_whose_files_are_gone_is_forgotten(server: HubServer, start: Start) -> None:
    place = start()
    await place.on_demand.get(NAME)
    remove(place.folder)
    place.registry.forget(NAME)
    assert not place.registry.models
    assert await place.on_demand.get(NAME) == NAME
    assert len(server.sent) == 2


async def test_it_is_refused_when_it_is_turned_off(server: HubServer, start: Start) -> None:
    assert "set hub.on_demand to true" in await refused(start(**{"hub.on_demand": False}), UnknownModel)
    assert server.requests == []


@pytest.mark.parametrize("name", ["tts", "owner/tts@main", "owner/tts/x", "../owner", "owner/../x", "a--b/c", ""])
async def test_what_is_no_name_asks_nobody(server: HubServer, start: Start, name: str) -> None:
    assert "There is no model" in await refused(start(), UnknownModel, name)
    assert server.requests == []


@pytest.mark.parametrize(
    ("settings", "details", "complaint"),
    [
        ({"model_type": "bert"}, {}, "of the type bert; types that can speak: speecht5, vits"),
        ({}, {}, "does not say what type"),
        ({"model_type": ["vits"]}, {}, "does not say what type"),
        (["vits"], {}, "does not say what type"),
        (
            {"model_type": "speecht5"},
            {"pipeline_tag": "automatic-speech-recognition"},
            "for automatic-speech-recognition",
        ),
    ],
)
async def test_what_cannot_speak_is_refused_before_it_is_fetched(
    server: HubServer, start: Start, settings: Any, details: dict[str, Any], complaint: str
) -> None:
    files = {**FILES, "config.json": json.dumps(settings).encode()}
    server.repos[NAME] = Repo(COMMIT, files, details=details)
    assert complaint in await refused(start(), ModelUnavailable)
    assert server.sent == []


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"model.safetensors": b"w"}, "no config.json"),
        ({"config.json": FILES["config.json"]}, "no weights"),
        ({"config.json": FILES["config.json"], "onnx/model.onnx": b"w"}, "no weights"),
    ],
)
async def test_a_repository_without_a_model_is_refused(
    server: HubServer, start: Start, files: dict[str, bytes], complaint: str
) -> None:
    server.repos[NAME] = Repo(COMMIT, files)
    assert complaint in await refused(start(), ModelUnavailable)


async def test_settings_that_are_no_json_are_refused(server: HubServer, start: Start) -> None:
    server.repos[NAME] = Repo(COMMIT, {**FILES, "config.json": b"<html>"})
    await refused(start(), ModelFilesError)


async def test_without_the_engine_it_is_refused(
    server: HubServer, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_lookup, "supported_types", frozenset)
    assert "no engine" in await refused(start(), ModelUnavailable)


async def test_what_does_not_fit_is_refused_before_it_is_fetched(
    server: HubServer, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**6, 10**6, 1000))
    assert "0.5 MB needed, 0.0 MB free" in await refused(start(), ModelFilesError)
    assert server.sent == []


async def test_the_size_is_told(server: HubServer, start: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "wyoming_openspeakers")
    await start().on_demand.get(NAME)
    assert "Fetching owner/tts, a model of the type vits: 0.5 MB" in caplog.text


async def test_a_missing_or_gated_model_is_told(server: HubServer, start: Start) -> None:
    assert "no model owner/gone" in await refused(start(), ModelFilesError, "owner/gone")
    server.repos[NAME] = Repo(COMMIT, FILES, gated=True, token="hf_other")  # noqa: S106
    assert "does not accept the token" in await refused(start(), ModelFilesError)
    assert "terms" in await refused(start(**{"hub.token": ""}), ModelFilesError)


async def test_a_damaged_one_is_mended_at_its_commit(server: HubServer, start: Start) -> None:
    place = start()
    await place.on_demand.get(NAME)
    (place.folder / "model.safetensors").write_bytes(WEIGHTS[::-1])
    assert verify(place.folder) == ["model.safetensors"]
    await place.downloads.start(NAME)
    assert verify(place.folder) == []
