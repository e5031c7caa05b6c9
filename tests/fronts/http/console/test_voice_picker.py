"""Choosing a voice, in a real browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from conftest import ServeProcess
from console_browser import LISTEN, VisitConsole

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = pytest.mark.slow

LANGUAGES = ("de-DE", "en-GB", "en-US", "fr-FR", "ja-JP")


def speak(page: Page, text: str) -> None:
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Speak", exact=True).click()


def test_a_voice_is_searched_heard_and_chosen(visit: VisitConsole, default_service: ServeProcess) -> None:
    it = visit(default_service.url, init=(LISTEN,))
    page = it.page
    page.get_by_role("button", name="Voice: Automatic").click()
    dialog = page.get_by_role("dialog", name="Voice")
    dialog.get_by_role("searchbox").fill("nobody is called so")
    dialog.get_by_text("No such voice").wait_for()
    dialog.get_by_role("searchbox").fill("hibari")
    dialog.get_by_role("button", name="Listen to heart").click()
    it.until("window.heard?.loudest > 0.02")
    dialog.get_by_role("button", name="Stop heart").click()
    dialog.get_by_role("button", name="heart American").click()
    dialog.wait_for(state="hidden")
    with page.expect_request("**/v1/audio/speech") as asked:
        speak(page, "With a voice of my choice.")
    assert {"model": "hibari", "voice": "hibari/heart"}.items() <= json.loads(asked.value.post_data or "").items()
    page.reload()
    page.get_by_role("button", name="Voice: heart").wait_for()


def many_voices(route: Route) -> None:
    """What a house with many models has: the answer of the service, with more in it."""
    answer = route.fetch()
    told: dict[str, Any] = answer.json()
    one = told["voices"][0]
    told["voices"] += [
        {**one, "id": f"hibari/voice{n:03}", "name": f"Voice {n}", "language": LANGUAGES[n % 5]} for n in range(500)
    ]
    route.fulfill(response=answer, json=told)


def test_among_five_hundred_voices_it_stays_quick(visit: VisitConsole, default_service: ServeProcess) -> None:
    it = visit(default_service.url)
    page = it.page
    page.route("**/v1/audio/voices", many_voices)
    page.reload()
    it.wait_until_live()
    page.evaluate("seen.longTasks.length = 0")
    page.get_by_role("button", name="Voice: Automatic").click()
    dialog = page.get_by_role("dialog", name="Voice")
    dialog.get_by_role("button", name="Show 60 more").click()
    assert dialog.get_by_role("listitem").count() == 121
    dialog.get_by_role("combobox", name="Language").select_option("ja-JP")
    dialog.get_by_text("100 voices found").wait_for()
    dialog.get_by_role("searchbox").press_sequentially("voice04")
    dialog.get_by_text("2 voices found").wait_for()
    dialog.get_by_role("button", name="voice044 Japanese").click()
    page.get_by_role("button", name="Voice: voice044").wait_for()
    tasks = page.evaluate("seen.longTasks.map((task) => task.duration)")
    assert max(tasks, default=0) <= 100, tasks
