"""All voices of a house, presets, and five hundred of them, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from conftest import ServeProcess
from console_browser import LISTEN, VisitConsole
from console_pace import LONGEST, forget_tasks, longest_task
from console_voices import keep_presets, preset, told, voice_called
from processes import SHARED

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeProcess]:
    """A service with the default voice and five hundred presets of it."""
    data = tmp_path_factory.mktemp("crowded") / "data"
    keep_presets(data, 500)
    process = ServeProcess(data)
    SHARED.add(process.process.pid)
    yield process
    process.stop()


def test_a_preset_is_made_renamed_tagged_and_deleted(visit: VisitConsole, service: ServeProcess) -> None:
    it = visit(service.url)
    page = it.page
    it.go("voices")
    page.get_by_role("tab", name="Built in").click()
    page.get_by_role("button", name="Make a preset of heart").click()
    page.get_by_role("button", name="Voice: heart").wait_for()
    page.get_by_role("button", name="Make the preset").click()
    page.get_by_text("The preset needs a name").wait_for()
    page.get_by_label("Name", exact=True).fill("Story")
    page.get_by_role("spinbutton", name="Speed").fill("0.8")
    page.get_by_role("button", name="Make the preset").click()
    page.get_by_role("heading", level=1, name="Story").wait_for()
    assert voice_called(page, "Story")["style"]["speed"] == 0.8

    page.get_by_label("Name", exact=True).fill("Anyone")
    page.get_by_label("Tags", exact=True).fill("lullaby,")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("heading", level=1, name="Anyone").wait_for()
    kept = voice_called(page, "Anyone")
    assert kept["tags"] == ["lullaby"] and voice_called(page, "Story") is None
    page.get_by_label("Name", exact=True).fill("heart")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("alert").filter(has_text="is taken").wait_for()
    page.get_by_role("button", name="As it was").click()

    page.get_by_role("link", name="All voices").click()
    page.get_by_role("button", name="Show all with the tag lullaby").click()
    page.get_by_role("status").filter(has_text="1 voice found").wait_for()
    page.get_by_role("link", name="Anyone").click()
    page.get_by_role("button", name="Delete").click()
    question = page.get_by_role("dialog", name="Delete Anyone?")
    question.get_by_role("button", name="Cancel").click()
    assert voice_called(page, "Anyone")
    page.get_by_role("button", name="Delete").click()
    question.get_by_role("button", name="Delete").click()
    page.get_by_role("heading", level=1, name="Voices").wait_for()
    page.get_by_role("link", name="Anyone").wait_for(state="hidden")
    assert told(page, f"api/voices/{kept['id']}") == 404


def test_presets_of_the_configuration_can_only_be_looked_at(visit: VisitConsole, service: ServeProcess) -> None:
    it = visit(service.url, init=(LISTEN,))
    it.go("voices")
    card = it.page.get_by_role("listitem").filter(has_text="bedtime")
    card.get_by_text("From the configuration").wait_for()
    card.get_by_role("button", name="Listen to bedtime").click()
    it.until("window.heard?.loudest > 0.02")
    card.get_by_role("link").click()
    it.page.get_by_role("region", name="What it is").get_by_text("0.85×").wait_for()
    assert it.page.get_by_role("button", name="Delete").count() == it.page.get_by_label("Name", exact=True).count() == 0


def test_what_others_make_and_delete_is_seen(visit: VisitConsole, service: ServeProcess) -> None:
    it = visit(service.url)
    it.go("voices")
    it.wait_until_live()
    voice = preset(it.page, "Visitor")
    it.page.get_by_role("link", name="Visitor").click()
    it.page.get_by_role("heading", level=1, name="Visitor").wait_for()
    it.page.request.delete(f"{it.url}/api/voices/{voice['id']}")
    it.page.get_by_text("This voice is not here").wait_for()


def test_where_nothing_is_it_says_what_to_do(visit: VisitConsole, default_service: ServeProcess) -> None:
    it = visit(default_service.url)
    page = it.page
    it.go("voices")
    page.get_by_text("No voices of your own yet").wait_for()
    able = [one["name"] for one in told(page, "api/models") if one["supports_voice_cloning"]]
    text = page.get_by_role("main").inner_text()
    assert all(name in text for name in able) if able else "None of the models here can" in text
    page.goto(f"{it.url}/#/voices/of/nobody")
    page.get_by_text("This voice is not here").wait_for()


def test_among_five_hundred_voices_the_search_stays_quick(visit: VisitConsole, crowded: ServeProcess) -> None:
    it = visit(crowded.url)
    page = it.page
    it.go("voices")
    page.get_by_role("tab", name="Yours (500)").wait_for()
    page.get_by_role("button", name="Show 30 more of 470").click()
    assert page.get_by_role("main").get_by_role("link", name="Voice").count() == 60
    page.wait_for_timeout(500)
    search = page.get_by_role("searchbox")
    counts = page.get_by_role("status").filter(has_text="found")
    longest = []
    for _ in range(3):
        forget_tasks(page)
        search.press_sequentially("voice floor 123", delay=40)
        counts.filter(has_text=re.compile("^1 voice found")).wait_for()
        for _ in range(15):
            page.keyboard.press("Backspace")
        counts.filter(has_text="500 voices found").wait_for()
        longest.append(longest_task(page))
    # Others use the same machine: what counts is what the console makes of it when it is let.
    assert min(longest) <= LONGEST, longest
    print(f"longest tasks in milliseconds while searching among 500 voices: {longest}")
    page.get_by_role("combobox", name="Tag").select_option("odd")
    counts.filter(has_text="250 voices found").wait_for()
    page.get_by_role("combobox", name="Language").select_option("ja")
    counts.filter(has_text="125 voices found").wait_for()

    search.fill("399")
    it.until("location.hash.includes('search=399')")
    page.get_by_role("link", name="Voice 399").click()
    page.get_by_role("heading", level=1, name="Voice 399").wait_for()
    page.go_back()
    counts.filter(has_text=re.compile("^1 voice found")).wait_for()
    assert search.input_value() == "399" and page.get_by_role("combobox", name="Tag").input_value() == "odd"
    search.fill("nothing of the kind")
    page.get_by_role("button", name="Show all").click()
    counts.filter(has_text="500 voices found").wait_for()
