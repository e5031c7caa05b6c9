"""Files of models while a service runs: what is fetched and removed, by which names, and what is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_server import HubServer, Repo, hub_server
from managed import Manage, Managed, until

from wyoming_openspeakers.errors import Conflict, InvalidRequest, ModelUnavailable, NotFound, UnknownModel
from wyoming_openspeakers.models.hub import fetch as hub
from wyoming_openspeakers.models.hub.client import hub_client

COMMIT = "1" * 40


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    monkeypatch.setattr(hub, "_RETRY_AFTER", (0, 0))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with hub_server() as running:
        monkeypatch.setattr(hub, "hub_client", lambda token=None, endpoint=None: hub_client(token, running.url))
        running.repos["owner/one"] = Repo(COMMIT, {"voices.txt": b"anna", "model.bin": bytes(1000)})
        running.repos["owner/each"] = Repo(COMMIT, {f"de_DE-{name}-low.bin": bytes(100) for name in "ab"})
        yield running


def models(manage: Manage) -> Managed:
    one = {"hub": {"repo": "owner/one", "revision": COMMIT}, "aliases": ["first"]}
    each = {"hub": {"repo": "owner/each", "revision": COMMIT, "files": ["{voice}.bin"]}}
    return manage({"plain": {}, "one": one, "each": each})


async def fetch(it: Managed, name: str) -> None:
    """Download to the end."""
    await it.manager.files.fetch(name)
    await until(lambda: not it.manager.downloads.active())


async def test_a_download_goes_by_the_models_own_name(manage: Manage, server: HubServer) -> None:
    it = models(manage)
    told = await it.manager.files.fetch("first")
    assert (told.name, told.state) == ("one", "waiting")
    assert await it.manager.files.fetch("one") == it.manager.files.downloads("one")[0], "the same download"
    assert it.manager.files.cancel("one") == ["one"]
    assert it.manager.files.cancel("each") == []


async def test_the_voices_of_a_download_are_there_at_once(manage: Manage, server: HubServer) -> None:
    it = models(manage)
    assert not (await it.manager.voices()).find("one/anna")
    await fetch(it, "one")
    assert (await it.manager.voices(patience=5)).find("one/anna")


async def test_voices_are_removed_one_by_one_or_together(manage: Manage, server: HubServer) -> None:
    it = models(manage)
    with pytest.raises(InvalidRequest, match="name a voice"):
        await it.manager.files.fetch("each")
    for name in "ab":
        await fetch(it, f"each/de_DE-{name}-low")
    assert await it.manager.files.remove("each/de_DE-a-low") == 100
    with pytest.raises(NotFound):
        await it.manager.files.remove("each/de_DE-a-low")
    assert await it.manager.files.remove("each") == 100
    assert not it.manager.registry.folder("each").exists()


async def test_an_alias_removes_the_same(manage: Manage, server: HubServer) -> None:
    it = models(manage)
    await fetch(it, "one")
    assert await it.manager.files.remove("first") == 1004
    with pytest.raises(NotFound):
        await it.manager.files.remove("one")


async def test_nothing_is_removed_from_under_a_model_in_use(manage: Manage, server: HubServer) -> None:
    it = models(manage)
    await fetch(it, "one")
    async with it.manager.residents.using("one"):
        with pytest.raises(Conflict, match="in use"):
            await it.manager.files.remove("one")
    assert await it.manager.files.remove("one") == 1004
    assert it.manager.state("one") == "cold"


@pytest.mark.parametrize("name", ["plain", "plain/voice"])
async def test_what_is_not_on_the_hub_stays(manage: Manage, name: str) -> None:
    it = models(manage)
    for work in (it.manager.files.fetch, it.manager.files.remove):
        with pytest.raises(ModelUnavailable, match="no files on the hub"):
            await work(name)


@pytest.mark.parametrize(
    "name", ["nothing", "owner/nothing", "../one", "one/../../x", "one/anna", "", "owner/one@main", "a/b/c"]
)
async def test_a_name_that_means_nothing(manage: Manage, server: HubServer, name: str) -> None:
    it = models(manage)
    await fetch(it, "one")
    for work in (it.manager.files.fetch, it.manager.files.remove):
        with pytest.raises((UnknownModel, NotFound, InvalidRequest)):
            await work(name)
    assert (it.manager.registry.folder("one") / "model.bin").exists()
