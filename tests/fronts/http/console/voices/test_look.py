"""Everything that the page Voices can show, seen and read: light and dark, on a phone and on a desk."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import ServeProcess
from console_browser import SIZES, Visit, VisitConsole
from console_voices import add_files, clone

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("size", SIZES)
def test_all_of_it_can_be_seen_and_read(
    visit: VisitConsole,
    service: ServeProcess,
    default_service: ServeProcess,
    recordings: dict[str, str],
    axe: str,
    looked_at: Callable[[Visit, str], None],
    size: str,
) -> None:
    empty = visit(default_service.url, init=(axe,), **SIZES[size])
    empty.go("voices")
    empty.page.get_by_text("No voices of your own yet").wait_for()
    looked_at(empty, "voices-empty")

    it = visit(service.url, init=(axe,), **SIZES[size])
    page = it.page
    about = {"tags": "home,night", "description": "Reads to the children"}
    voice = clone(page, f"Dora {size}", recordings["anna.wav"], **about)
    it.go("voices")
    page.get_by_role("link", name=f"Dora {size}").wait_for()
    looked_at(it, "voices-own")
    page.get_by_role("tab", name="Built in").click()
    looked_at(it, "voices-builtin")
    page.goto(f"{it.url}/#/voices/of/{voice['id']}")
    page.get_by_role("button", name="Play anna.wav").click()
    page.get_by_role("slider", name="Position in anna.wav").wait_for()
    looked_at(it, "voices-one")
    page.get_by_role("button", name="Add", exact=True).click()
    looked_at(it, "voices-add")
    page.keyboard.press("Escape")
    page.goto(f"{it.url}/#/voices/preset")
    page.get_by_role("button", name="Make the preset").click()
    looked_at(it, "voices-preset")
    page.goto(f"{it.url}/#/voices/clone")
    page.get_by_role("button", name="Make the voice").click()
    looked_at(it, "voices-missing")
    add_files(page, recordings["anna.wav"], recordings["short.wav"])
    page.get_by_text("at least 1.5 s are needed").wait_for()
    page.get_by_role("tab", name="Record").click()
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_text("s of speech it works").wait_for()
    looked_at(it, "voices-clone")
