"""The side server behind Home Assistant's ingress: page, sound, uploads and live events, without a key."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urljoin

import aiohttp
import pytest
from addon_container import INGRESS
from fault_models import models_file
from ingress import PREFIX, ingress_proxy
from recordings import speech, wav

HOUSE = "homeassistant.local:8123"


@pytest.fixture
async def pages(start: Any) -> AsyncIterator[str]:
    """Where a browser finds the pages of a service that has a key."""
    models = models_file(fault={}, mimic={})
    models["models"]["mimic"]["engine"] = "faults.mimic"
    service = await start(models, http__api_key="k", http__trusted_proxies=[INGRESS])
    url = next(address for address in service.addresses if address.startswith("http:"))
    async with ingress_proxy(url, INGRESS) as pages:
        yield f"{pages}/"


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    """It calls the house by the house's name, and says which page asks."""
    headers = {"Host": HOUSE, "Origin": f"http://{HOUSE}"}
    async with aiohttp.ClientSession(headers=headers) as browser:
        yield browser


async def test_the_page_and_all_that_it_needs_come_through(pages: str, browser: aiohttp.ClientSession) -> None:
    async with browser.get(pages) as answer:
        assert answer.status == 200 and answer.content_type == "text/html"
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        page = await answer.text()
    links = [link for link in re.findall(r'(?:href|src)="([^"#]+)"', page) if not link.startswith("data:")]
    assert links and not [link for link in links if re.match(r"/|\w+:", link)]
    for link in links:
        target = urljoin(pages, link)
        assert PREFIX in target
        async with browser.get(target) as answer:
            assert answer.status == 200, link


@pytest.mark.slow
async def test_sound_comes_while_it_is_made(pages: str, browser: aiohttp.ClientSession) -> None:
    body = {"model": "fault", "voice": "plain", "input": "one two three four sleep:2 five", "response_format": "pcm"}
    async with browser.post(f"{pages}v1/audio/speech", json=body) as answer:
        assert answer.status == 200, await answer.text()
        arrived = [time.monotonic() async for _ in answer.content.iter_any()]
    assert arrived[-1] - arrived[0] > 1


async def test_live_events_come_through(pages: str, browser: aiohttp.ClientSession) -> None:
    async with browser.ws_connect(f"{pages.replace('http', 'ws', 1)}ws/events") as websocket:
        body = {"model": "fault", "voice": "plain", "input": "Hello.", "response_format": "pcm"}
        async with browser.post(f"{pages}v1/audio/speech", json=body) as answer:
            await answer.read()
        async with asyncio.timeout(10):
            event = await websocket.receive_json()
    assert isinstance(event, dict) and event


@pytest.mark.slow
async def test_an_upload_goes_through_piece_by_piece(pages: str, browser: aiohttp.ClientSession) -> None:
    form = aiohttp.FormData()
    form.add_field("name", "Aunt Ada")
    form.add_field("model_id", "mimic")
    form.add_field("reference_audio", wav(speech(8)), filename="ada.wav", content_type="audio/wav")
    async with browser.post(f"{pages}api/voices", data=form) as answer:
        assert answer.status == 201, await answer.text()
    async with browser.get(f"{pages}api/voices") as answer:
        assert "Aunt Ada" in await answer.text()


async def test_pages_of_other_sites_are_kept_out_here_too(pages: str, browser: aiohttp.ClientSession) -> None:
    headers = {"Origin": "http://evil.example"}
    async with browser.post(f"{pages}api/models/fault/load", headers=headers, json={}) as answer:
        assert answer.status == 403
