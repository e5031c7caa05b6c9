"""Everything that the page Models can show, seen and read: light and dark, on a phone and on a desk."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import ServeProcess
from console_browser import SIZES, Visit, VisitConsole
from console_models import GATED, REMOTE, TRENDING, card, fault, hub_settings, models_with, status, voice_hub
from processes import SHARED

pytestmark = pytest.mark.slow


def begin(service: ServeProcess, path: str) -> None:
    """Have something done to a model; how it ends is for the page to show."""
    request = urllib.request.Request(
        f"{service.url}/api/models/{path}", b"{}", {"Content-Type": "application/json"}, method="POST"
    )
    try:
        urllib.request.urlopen(request, timeout=30).close()
    except urllib.error.HTTPError as refused:
        assert "detail" in json.load(refused)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeProcess]:
    """Models in all states: loaded, broken, far away, refused, and one that is on its way for minutes."""
    pytest.importorskip("piper", reason="the extra [piper] is not installed")
    folder = tmp_path_factory.mktemp("models")
    broken = {"broken": fault("Broken", load_fail=True)}
    models: dict[str, Any] = {"kokoro": {}, "piper": {}} | REMOTE | GATED | broken | {"hibari": {"standby": True}}
    with voice_hub() as hub:
        hub.listing = TRENDING
        hub.rate = 300_000
        process = ServeProcess(folder / "data", models_with(folder, models), hub_settings(hub, folder))
        SHARED.add(process.process.pid)
        for path in ("strict/download", "remote/download", "broken/load", "hibari/load"):
            begin(process, path)
        yield process
        process.stop()


@pytest.mark.parametrize("size", SIZES)
def test_all_of_it_can_be_seen_and_read(
    visit: VisitConsole,
    service: ServeProcess,
    axe: str,
    looked_at: Callable[[Visit, str], None],
    size: str,
) -> None:
    it = visit(service.url, init=(axe,), **SIZES[size])
    it.go("models")
    status(it, "Hibari", "Loaded")
    status(it, "Broken", "Did not load")
    card(it, "Strict").get_by_text("wants its terms accepted").wait_for()
    card(it, "Remote").get_by_text("kB/s").wait_for()
    looked_at(it, "models-yours")
    card(it, "Kokoro 82M").get_by_role("button", name="All about Kokoro 82M").click()
    it.page.get_by_role("dialog").get_by_text("gpt-4o-mini-tts").wait_for()
    looked_at(it, "models-details")
    it.page.keyboard.press("Escape")
    card(it, "Piper").get_by_role("button", name="Voices of Piper").click()
    looked_at(it, "models-voices")
    it.page.keyboard.press("Escape")
    it.page.get_by_role("tab", name="On the hub").click()
    it.page.get_by_role("heading", name="owner/tts").wait_for()
    looked_at(it, "models-hub")
