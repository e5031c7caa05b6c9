"""Entries are deleted after a question that tells how many."""

from __future__ import annotations

import urllib.error
from collections.abc import Callable

import pytest
from conftest import ServeProcess
from console_browser import LISTEN, SIZES, Visit, VisitConsole
from console_jobs import entry, get, history, job, post

pytestmark = pytest.mark.slow


def test_one_is_deleted_after_a_question(visit: VisitConsole, service: ServeProcess) -> None:
    id = job(service, "Nobody needs this one.")
    it = visit(service.url)
    it.go("jobs")
    row = entry(it.page, "Nobody needs this one.")
    row.get_by_role("button", name="Delete").click()
    question = it.page.get_by_role("dialog", name="Delete this?")
    question.get_by_role("button", name="Cancel").click()
    assert row.is_visible() and get(service, f"api/history/{id}")
    row.get_by_role("button", name="Delete").click()
    question.get_by_role("button", name="Delete").click()
    row.wait_for(state="hidden")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(service, f"api/history/{id}")


def test_some_are_deleted_and_then_all_that_are_found(visit: VisitConsole, service: ServeProcess) -> None:
    lines = [f"Rubbish of kind {number}." for number in range(6)]
    post(service, "api/tts/batch", model_id="hibari", lines=lines)
    job(service, "What stays is kept.")
    it = visit(service.url)
    it.page.goto(f"{it.url}/#/jobs?search=rubbish")
    history(it.page).get_by_text("6 entries").wait_for()
    for number in (1, 4):
        it.page.get_by_role("checkbox", name=f"Select Rubbish of kind {number}.").check()
    history(it.page).get_by_role("button", name="Delete 2").click()
    it.page.get_by_role("dialog", name="Delete 2 entries?").get_by_role("button", name="Delete").click()
    history(it.page).get_by_text("4 entries").wait_for()
    history(it.page).get_by_role("button", name="Delete", exact=True).click()
    it.page.get_by_role("menuitem", name="All that is found").click()
    question = it.page.get_by_role("dialog", name="Delete 4 entries?")
    question.get_by_text("“rubbish”: all of this goes for good").wait_for()
    question.get_by_role("button", name="Delete").click()
    it.page.get_by_text("4 entries deleted.").wait_for()
    it.page.get_by_text("Nothing like this was spoken").wait_for()
    it.page.get_by_role("button", name="Show everything").click()
    entry(it.page, "What stays is kept.").wait_for()


def test_what_was_listened_to_is_deleted_and_jobs_stay(visit: VisitConsole, serve: Callable[..., ServeProcess]) -> None:
    service = serve()
    it = visit(service.url, init=(LISTEN,))
    it.page.get_by_label("Text", exact=True).fill("Only listened to.")
    it.page.get_by_role("button", name="Speak", exact=True).click()
    it.page.get_by_role("article").get_by_role("status").filter(has_text="Ready").wait_for()
    job(service, "A job of its own.")
    it.go("jobs")
    entry(it.page, "Only listened to.").wait_for()
    history(it.page).get_by_role("button", name="Delete", exact=True).click()
    it.page.get_by_role("menuitem", name="What was listened to").click()
    question = it.page.get_by_role("dialog", name="Delete 1 entry?")
    question.get_by_text("Jobs and batches stay.").wait_for()
    question.get_by_role("button", name="Delete").click()
    it.page.get_by_text("1 entry deleted.").wait_for()
    entry(it.page, "Only listened to.").wait_for(state="hidden")
    assert entry(it.page, "A job of its own.").is_visible()
    history(it.page).get_by_role("button", name="Delete", exact=True).click()
    it.page.get_by_role("menuitem", name="Everything").click()
    it.page.get_by_role("dialog", name="Delete 1 entry?").get_by_role("button", name="Delete").click()
    it.page.get_by_text("Nothing has been spoken yet").wait_for()


def choose_all_that_is_found(it: Visit) -> None:
    """By keyboard."""
    history(it.page).get_by_role("button", name="Delete", exact=True).press("Enter")
    it.until("document.activeElement.role === 'menuitem'")
    it.page.keyboard.press("End")
    it.until("document.activeElement.textContent.includes('All that is found')")
    it.page.keyboard.press("Enter")


def test_all_of_some_days_are_deleted_in_one_request(visit: VisitConsole, days: ServeProcess) -> None:
    it = visit(days.url, timezone_id="UTC", locale="en-US", **SIZES["phone"])
    it.page.goto(f"{it.url}/#/jobs?since=2026-03-02&until=2026-03-03")
    history(it.page).get_by_text("48 entries").wait_for()
    asked: list[str] = []
    it.page.on("request", lambda request: asked.append(request.url) if request.method == "DELETE" else None)
    choose_all_that_is_found(it)
    question = it.page.get_by_role("dialog", name="Delete 48 entries?")
    question.get_by_text("from Mar 2, 2026, to Mar 3, 2026").wait_for()
    it.page.keyboard.press("Escape")
    question.wait_for(state="hidden")
    assert not asked and get(days, "api/history")["total"] == 96
    choose_all_that_is_found(it)
    question.get_by_role("button", name="Delete").press("Enter")
    it.page.get_by_text("48 entries deleted.").wait_for()
    assert len(asked) == 1
    left = get(days, "api/history?page_size=100")["entries"]
    assert {one["text"][:5] for one in left} == {"Day 1", "Day 4"} and len(left) == 48
