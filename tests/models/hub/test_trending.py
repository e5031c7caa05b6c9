"""The trending models: what the hub is asked, what is told, and what is told when it cannot be asked."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hub_server import HubServer, hub_server

from wyoming_openspeakers.errors import InvalidRequest, ModelFilesError
from wyoming_openspeakers.models.hub import trending as module
from wyoming_openspeakers.models.hub.trending import HubListing, TrendingModels, trending

FULL: dict[str, Any] = {
    "id": "facebook/mms-tts-deu",
    "downloads": 1234,
    "likes": 56,
    "gated": "manual",
    "tags": ["transformers", "vits", "license:cc-by-nc-4.0", "region:us"],
    "library_name": "transformers",
    "pipeline_tag": "text-to-speech",
    "lastModified": "2026-01-02T03:04:05.000Z",
    "safetensors": {"parameters": {"F32": 1000, "BF16": 500, "I8": 7}, "total": 1507},
    "cardData": {"language": ["de", "en"], "license": "cc-by-nc-4.0"},
    "config": {"model_type": "vits", "architectures": ["VitsModel"]},
}
BARE = {"id": "someone/something", "library_name": "coqui", "cardData": {"language": "fr"}, "likes": None}
UNTOLD = {"id": "someone/else"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(module, "supported_types", lambda: frozenset({"vits"}))
    with hub_server() as running:
        running.listing = [FULL, BARE, UNTOLD]
        yield running


def make_old(cache: Path, hours: float) -> None:
    tree = json.loads((cache / "trending.json").read_text())
    tree["asked"] -= hours * 3600
    (cache / "trending.json").write_text(json.dumps(tree))


def test_the_hub_is_asked_for_speech_by_trend(server: HubServer, tmp_path: Path) -> None:
    trending(tmp_path, token="hf_x", endpoint=server.url)  # noqa: S106
    (query,) = server.queries
    assert query["pipeline_tag"] == ["text-to-speech"]
    assert query["sort"] == ["trendingScore"]
    assert query["limit"] == ["100"]
    assert {"config", "cardData", "safetensors"} <= set(query["expand"])
    assert server.requests[0].token == "hf_x"  # noqa: S105


def test_a_listing_tells_all_that_the_hub_knows(server: HubServer, tmp_path: Path) -> None:
    full, bare, untold = trending(tmp_path, endpoint=server.url).models
    assert full == HubListing(
        id="facebook/mms-tts-deu",
        url=f"{server.url}/facebook/mms-tts-deu",
        downloads=1234,
        likes=56,
        licence="cc-by-nc-4.0",
        gated=True,
        languages=("de", "en"),
        changed="2026-01-02T03:04:05.000Z",
        size=5007,
        library="transformers",
        model_type="vits",
        task="text-to-speech",
        tags=("transformers", "vits", "license:cc-by-nc-4.0", "region:us"),
        runs=True,
    )
    assert (bare.languages, bare.likes, bare.size, bare.gated, bare.runs) == (("fr",), 0, None, False, False)
    assert untold.runs is None, "nothing tells whether it runs"


def test_a_type_that_the_engine_does_not_know_does_not_run(server: HubServer, tmp_path: Path) -> None:
    server.listing = [{**FULL, "config": {"model_type": "parler"}}]
    assert trending(tmp_path, endpoint=server.url).models[0].runs is False


def test_a_copy_is_good_for_half_an_hour(server: HubServer, tmp_path: Path) -> None:
    first = trending(tmp_path, endpoint=server.url)
    assert trending(tmp_path, endpoint=server.url) == first
    assert len(server.queries) == 1
    make_old(tmp_path, 0.6)
    again = trending(tmp_path, endpoint=server.url)
    assert len(server.queries) == 2
    assert again.age < 10 and not again.stale


def test_who_wants_a_new_list_gets_one_that_is_a_minute_old_at_most(server: HubServer, tmp_path: Path) -> None:
    trending(tmp_path, endpoint=server.url)
    trending(tmp_path, refresh=True, endpoint=server.url)
    assert len(server.queries) == 1
    make_old(tmp_path, 0.1)
    trending(tmp_path, endpoint=server.url)
    assert len(server.queries) == 1
    assert trending(tmp_path, refresh=True, endpoint=server.url).age < 10
    assert len(server.queries) == 2


def test_a_copy_from_the_future_is_not_believed(server: HubServer, tmp_path: Path) -> None:
    trending(tmp_path, endpoint=server.url)
    make_old(tmp_path, -5)
    trending(tmp_path, endpoint=server.url)
    assert len(server.queries) == 2


def test_an_older_copy_is_told_as_such_when_the_hub_is_away(server: HubServer, tmp_path: Path) -> None:
    fresh = trending(tmp_path, endpoint=server.url)
    make_old(tmp_path, 3)
    began = time.monotonic()
    old = trending(tmp_path, endpoint="http://127.0.0.1:1")
    assert time.monotonic() - began < 5
    assert old.stale and old.models == fresh.models
    assert 10_000 < old.age < 11_500
    assert "connection to the hub failed" in (old.problem or "")


@pytest.mark.parametrize("fault", ["away", "500", "html", "nonsense"])
def test_without_a_copy_the_failure_is_one_sentence(server: HubServer, tmp_path: Path, fault: str) -> None:
    server.html = fault == "html"
    server.statuses = [500] if fault == "500" else []
    server.listing = [{"name": "no id"}] if fault == "nonsense" else []
    with pytest.raises(ModelFilesError) as caught:
        trending(tmp_path, endpoint="http://127.0.0.1:1" if fault == "away" else server.url)
    text = str(caught.value)
    assert "http" not in text and text.endswith(".") and "\n" not in text


@pytest.mark.parametrize("content", ["", "{}", '{"asked": 1, "models": [{}]}', "[1]"])
def test_a_broken_copy_is_no_copy(server: HubServer, tmp_path: Path, content: str) -> None:
    (tmp_path / "trending.json").write_text(content)
    assert len(trending(tmp_path, endpoint=server.url).models) == 3


def test_a_copy_that_cannot_be_kept_is_no_failure(server: HubServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert len(trending(tmp_path / "file", endpoint=server.url).models) == 3


@pytest.mark.parametrize("count", [1, 2])
def test_only_so_many_are_told(server: HubServer, tmp_path: Path, count: int) -> None:
    assert len(trending(tmp_path, count, endpoint=server.url).models) == count


@pytest.mark.parametrize("count", [0, -1, 101])
async def test_a_count_out_of_bounds_is_refused(tmp_path: Path, count: int) -> None:
    with pytest.raises(InvalidRequest):
        trending(tmp_path, count)
    with pytest.raises(InvalidRequest):
        await TrendingModels(tmp_path).get(count)


async def test_who_asks_meanwhile_gets_the_same_answer(server: HubServer, tmp_path: Path) -> None:
    models = TrendingModels(tmp_path, endpoint=server.url)
    lists = await asyncio.gather(*(models.get(count) for count in (1, 2, 3)))
    assert [len(found.models) for found in lists] == [1, 2, 3]
    assert len(server.queries) == 1


async def test_a_failure_is_asked_again(server: HubServer, tmp_path: Path) -> None:
    models = TrendingModels(tmp_path, endpoint=server.url)
    server.statuses = [500]
    with pytest.raises(ModelFilesError):
        await models.get()
    assert len((await models.get()).models) == 3
