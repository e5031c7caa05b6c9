"""Models and voices that come from a hub on this machine, in a real browser: with progress, and away again."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from assets import PIPER_VOICE
from conftest import ServeProcess
from console_browser import LISTEN, Visit, VisitConsole
from console_models import ACCOUNT, GATED, REMOTE, card, do, status
from hub_server import HubServer

pytestmark = pytest.mark.slow

WATCH_PROGRESS = """
window.progress = [];
new MutationObserver(() => {
    const bar = document.querySelector("[role=progressbar]");
    const words = bar?.closest(".arriving")?.innerText;
    if (bar?.ariaValueNow && progress.at(-1)?.at !== bar.ariaValueNow) progress.push({at: bar.ariaValueNow, words});
}).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
"""
"""Keeps what was to be seen of a download."""


SETTLED = 700
"""Milliseconds until what an event sets going has been asked for."""


def looked(it: Visit) -> int:
    """How often the page has asked for all voices."""
    return sum(request.endswith("/v1/audio/voices") for request in it.requests)


def test_a_model_comes_and_is_heard(
    visit: VisitConsole, serve_from: Callable[..., ServeProcess], hub: HubServer
) -> None:
    hub.rate = 25_000_000
    it = visit(serve_from(REMOTE).url, init=(LISTEN, WATCH_PROGRESS))
    it.go("models")
    status(it, "Remote", "Not downloaded")
    do(it, "Download", "Remote")
    status(it, "Remote", "Ready")
    seen = it.page.evaluate("progress")
    steps = [int(one["at"]) for one in seen]
    assert steps == sorted(steps) and len(set(steps)) > 4, "it goes on, and forwards only"
    assert any(re.search(r"of 63\.2 MB[^/]*\d MB/s · .* left", one["words"]) for one in seen), seen
    it.page.get_by_role("button", name="Speak", exact=True).click()
    it.page.get_by_role("button", name=f"Voice: {PIPER_VOICE}").wait_for()
    it.page.get_by_label("Text", exact=True).fill("I have just arrived.")
    it.page.get_by_role("button", name="Speak", exact=True).click()
    it.until("window.heard?.loudest > 0.02", 45)


def test_voices_come_and_go_one_by_one(visit: VisitConsole, serve_from: Callable[..., ServeProcess]) -> None:
    it = visit(serve_from({"piper": {"enabled": True}}).url)
    it.go("models")
    card(it, "Piper").get_by_role("button", name="Voices of Piper").click()
    dialog = it.page.get_by_role("dialog", name="Voices of Piper")
    dialog.get_by_label("Another voice").fill("joe")
    dialog.get_by_role("button", name="Download", exact=True).click()
    dialog.get_by_text("name a voice, such as en_US-lessac-medium").wait_for()
    dialog.get_by_label("Another voice").fill(PIPER_VOICE)
    it.page.keyboard.press("Enter")
    here = dialog.get_by_role("list", name="Voices that are here")
    here.get_by_role("link", name=PIPER_VOICE).wait_for()
    status(it, "Piper", "Ready")
    here.get_by_role("button", name=f"Delete {PIPER_VOICE}").click()
    it.page.get_by_role("dialog", name=f"Delete {PIPER_VOICE}?").get_by_role("button", name="Delete").click()
    here.wait_for(state="hidden")
    it.page.keyboard.press("Escape")
    status(it, "Piper", "Not downloaded")


def test_a_download_is_cancelled_and_goes_on(
    visit: VisitConsole, serve_from: Callable[..., ServeProcess], hub: HubServer
) -> None:
    hub.rate = 4_000_000
    it = visit(serve_from(REMOTE).url)
    it.go("models")
    do(it, "Download", "Remote")
    card(it, "Remote").get_by_role("progressbar", name="remote").wait_for()
    it.page.reload()
    status(it, "Remote", "Downloading")
    card(it, "Remote").get_by_text(re.compile(r"MB/s · .* left")).wait_for()
    card(it, "Remote").get_by_role("button", name="Cancel the download of remote").click()
    status(it, "Remote", "Partly downloaded")
    assert re.search(r"\d [kM]B of 63.2 MB are here", card(it, "Remote").inner_text())
    hub.rate = 0
    do(it, "Go on", "Remote")
    status(it, "Remote", "Ready")
    it.page.get_by_role("status").filter(has_text="remote is here").wait_for()
    assert any(one.range for one in hub.requests), "what had come was not fetched again"
    assert not card(it, "Remote").get_by_role("progressbar").is_visible()


def test_files_are_deleted_when_somebody_is_sure(
    visit: VisitConsole, serve_from: Callable[..., ServeProcess], tmp_path: Path
) -> None:
    it = visit(serve_from(REMOTE).url)
    it.go("models")
    it.wait_until_live()
    it.page.wait_for_timeout(SETTLED)
    looks = looked(it)
    do(it, "Download", "Remote")
    status(it, "Remote", "Ready")
    it.page.wait_for_timeout(SETTLED)
    assert looked(it) == looks + 1, "voices are asked for when they have come, and once"
    assert list((tmp_path / "data/models").rglob("*.onnx"))
    question = it.page.get_by_role("dialog", name="Delete Remote?")
    do(it, "Delete", "Remote")
    assert "63.2 MB" in question.inner_text()
    question.get_by_role("button", name="Cancel").click()
    status(it, "Remote", "Ready")
    do(it, "Delete", "Remote")
    question.get_by_role("button", name="Delete").click()
    status(it, "Remote", "Not downloaded")
    it.page.get_by_role("status").filter(has_text="Remote is deleted: 63.2 MB").wait_for()
    assert not list((tmp_path / "data/models").rglob("*.onnx"))
    it.page.wait_for_timeout(SETTLED)
    assert looked(it) == looks + 2


def test_a_gated_model_shows_what_to_do(
    visit: VisitConsole, serve_from: Callable[..., ServeProcess], hub: HubServer
) -> None:
    it = visit(serve_from(GATED).url)
    it.go("models")
    strict = card(it, "Strict")
    for words in ("Non-commercial", "Wants an account", "7.0 GB to download", "English, German, French and 2 more"):
        strict.get_by_text(words, exact=True).wait_for()
    assert strict.get_by_role("link", name="its page").get_attribute("href") == "https://example.org/strict"
    assert "hub.token" in strict.get_by_role("code").all_inner_texts()
    do(it, "Download", "Strict")
    strict.get_by_text("wants its terms accepted on its hub page first").wait_for()
    assert strict.get_by_role("button", name="Download Strict").is_visible(), "one may try again"


def test_with_a_token_a_gated_model_comes(visit: VisitConsole, serve_from: Callable[..., ServeProcess]) -> None:
    it = visit(serve_from(GATED, OPENSPEAKERS__HUB__TOKEN=ACCOUNT).url)
    it.go("models")
    do(it, "Download", "Strict")
    status(it, "Strict", "Ready")
    assert not card(it, "Strict").get_by_text("hub.token").is_visible()
