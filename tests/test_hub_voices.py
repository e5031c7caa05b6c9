"""A voice of the hub, named by a Wyoming client: fetched, loaded on PyTorch and spoken with."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fault_models import models_file
from hub_server import Repo, hub_server
from wyoming_client import Client

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="needs torch: pip install 'wyoming-openspeakers[torch]'"
)

NAME = "facebook/mms-tts-tiny"

StartService = Callable[..., Any]


def health(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}/health") as answer:
        report: dict[str, Any] = json.load(answer)
    return report


@pytest.mark.slow
async def test_a_model_of_the_hub_speaks_when_a_client_names_it(serve: StartService, tmp_path: Path) -> None:
    from tiny_models import vits

    folder = vits(tmp_path / "checkpoint")
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    with hub_server() as hub:
        hub.repos[NAME] = Repo("1" * 40, files, details={"pipeline_tag": "text-to-speech"})
        service = serve(HF_ENDPOINT=hub.url, HF_HOME=str(tmp_path / "home"), OPENSPEAKERS__HUB__ON_DEMAND="true")
        async with Client(service.uri) as client:
            answer = await client.synthesize("good morning", voice=NAME)
            assert (answer.error, answer.rate, 0.3 < answer.seconds < 5) == (None, 16000, True)
            fetched = len(hub.requests)
            again = await client.synthesize("good evening", voice=f"{NAME}/default")
            assert again.error is None and again.seconds > 0.3
            assert len(hub.requests) == fetched
        assert (await asyncio.to_thread(health, service.url))["models"][NAME] == "resident"


async def test_without_leave_nothing_is_fetched_and_the_default_voice_speaks(
    start: StartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub_server() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        service = await start(models_file(fault={}))
        async with Client(service.addresses[0]) as client:
            answer = await client.synthesize("tone", voice=NAME)
        assert (answer.error, round(answer.seconds, 1)) == (None, 0.1)
        assert hub.requests == []
