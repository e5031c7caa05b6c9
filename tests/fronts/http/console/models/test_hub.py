"""Models of others: what trends on the hub, and any that is fetched by its name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ServeProcess
from console_browser import VisitConsole
from console_models import COMMIT, TRENDING, card
from hub_server import HubServer, Repo

pytestmark = pytest.mark.slow

def test_what_trends_on_the_hub_is_shown_and_how_to_allow_it(
    visit: VisitConsole, serve_from: Callable[..., ServeProcess], hub: HubServer
) -> None:
    hub.listing = TRENDING
    it = visit(serve_from().url)
    it.go("models")
    it.page.get_by_role("tab", name="On the hub").click()
    listed = card(it, "Trending on the hub").get_by_role("listitem")
    page_of_it = listed.get_by_role("link", name="owner/tts")
    assert page_of_it.get_attribute("href") == f"{hub.url}/owner/tts"
    listed.filter(has_text="owner/tts").get_by_text("80.0 MB · German · 1 like · 6,000 downloads").wait_for()
    strange = listed.filter(has_text="owner/strange")
    assert all(words in strange.inner_text() for words in ("Non-commercial", "Wants an account"))
    it.page.get_by_text("To fetch one of these").wait_for()
    assert not it.page.get_by_role("button", name="Fetch").count()
    assert it.page.url.endswith("#/models?view=hub")


def test_a_model_of_the_hub_is_fetched_and_here(
    visit: VisitConsole, serve_from: Callable[..., ServeProcess], hub: HubServer, tmp_path: Path
) -> None:
    pytest.importorskip("torch", reason="needs torch: pip install 'wyoming-openspeakers[torch]'")
    from tiny_models import vits

    files = {path.name: path.read_bytes() for path in vits(tmp_path / "checkpoint").iterdir()}
    hub.repos["owner/tts"] = Repo(COMMIT, files, details={"pipeline_tag": "text-to-speech"})
    hub.listing = TRENDING
    it = visit(serve_from(OPENSPEAKERS__HUB__ON_DEMAND="true").url)
    it.go("models")
    it.page.get_by_role("tab", name="On the hub").click()
    it.page.get_by_label("Model of the hub").fill("owner/nothing")
    card(it, "Fetch by name").get_by_role("button", name="Fetch").click()
    it.page.get_by_role("alert").filter(has_text="There is no model owner/nothing on the hub").wait_for()
    it.page.get_by_role("button", name="Fetch owner/tts").click()
    listed = card(it, "Trending on the hub").get_by_role("listitem").filter(has_text="owner/tts")
    listed.get_by_text("Installed", exact=True).wait_for()
    assert not it.page.get_by_role("button", name="Fetch owner/tts").is_visible()
    it.page.get_by_role("tab", name="Yours").click()
    it.page.get_by_role("link", name=re.compile("^Speak with .*tts$")).wait_for()


def test_a_hub_that_cannot_be_reached_is_told(
    visit: VisitConsole, serve_from: Callable[..., ServeProcess], hub: HubServer
) -> None:
    hub.html = True
    it = visit(serve_from().url)
    it.go("models")
    it.page.get_by_role("tab", name="On the hub").click()
    it.page.get_by_role("alert").filter(has_text="is not a model hub; check HF_ENDPOINT").wait_for()
    hub.html = False
    hub.listing = TRENDING
    it.page.get_by_role("button", name="Try again").click()
    it.page.get_by_role("heading", name="owner/tts").wait_for()
