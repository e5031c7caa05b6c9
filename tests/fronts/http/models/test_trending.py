"""What people of the hub look at, over HTTP."""

from __future__ import annotations

import pytest
from fronts.http.models.asked import Ask, one
from hub_server import HubServer

pytestmark = pytest.mark.slow


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
        {"id": "owner/other", "tags": ["license:cc-by-nc-4.0"]},
        {"id": "owner/third"},
    ]
    async with client(one()) as it:
        told = await it.ask("GET", "/api/models/trending")
        assert (told["count"], told["stale"], told["problem"]) == (3, False, None)
        first = told["models"][0]
        wanted = {
            "id": "owner/tts",
            "pipeline_tag": "text-to-speech",
            "likes": 5,
            "downloads": 60,
            "tags": ["transformers", "license:mit"],
            "url": f"{server.url}/owner/tts",
            "non_commercial": False,
            "library_name": "transformers",
            "last_modified": "2026-01-02T03:04:05.000Z",
        }
        assert {key: first[key] for key in wanted} == wanted
        assert first["runs"] is True
        assert told["models"][1]["non_commercial"] is True
        assert [model["license"] for model in told["models"]] == ["mit", "cc-by-nc-4.0", "unknown"]
        assert len((await it.ask("GET", "/api/models/trending?count=1"))["models"]) == 1
        assert len(server.queries) == 1, "the list is kept"
        await it.ask("GET", "/api/models/trending?refresh=true")
        assert len(server.queries) == 1, "it is as good as new"
        await it.ask("GET", "/api/models/trending?count=0", 422)


async def test_without_a_hub_there_is_no_list(client: Ask, server: HubServer) -> None:
    server.html = True
    async with client(one()) as it:
        assert (await it.ask("GET", "/api/models/trending", 502))["code"] == "model-files"
