"""The history by days, as they are where the browser is."""

from __future__ import annotations

import re

import pytest
from conftest import ServeProcess
from console_browser import SIZES, VisitConsole
from console_jobs import entries, entry, history

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("size", SIZES)
def test_from_one_day_to_another(visit: VisitConsole, days: ServeProcess, size: str) -> None:
    it = visit(days.url, timezone_id="UTC", **SIZES[size])
    it.go("jobs")
    shown = history(it.page)
    if size == "phone":
        shown.get_by_text("Filters", exact=True).click()
    shown.get_by_label("From").fill("2026-03-02")
    shown.get_by_text("72 entries").wait_for()
    shown.get_by_label("To").fill("2026-03-02")
    shown.get_by_text("24 entries").wait_for()
    assert "Day 2, hour 23" in entries(it.page).first.inner_text()
    it.until("location.hash === '#/jobs?since=2026-03-02&until=2026-03-02'")
    shown.get_by_label("From").fill("2026-03-04")
    entry(it.page, "Day 4, hour 23").wait_for()
    assert shown.get_by_label("To").input_value() == "2026-03-04"
    shown.get_by_label("From").fill("")
    shown.get_by_label("To").fill("")
    shown.get_by_text("96 entries").wait_for()


def test_days_are_typed_and_asked_for_when_they_are_whole(visit: VisitConsole, days: ServeProcess) -> None:
    it = visit(days.url, locale="en-US")
    it.go("jobs")
    shown = history(it.page)
    shown.get_by_text("96 entries").wait_for()
    shown.get_by_label("From").focus()
    it.page.keyboard.type("03042026", delay=50)
    shown.get_by_text("24 entries").wait_for()
    asked = [url for url in it.requests if "/api/history?since=" in url]
    assert len(asked) == 1 and re.search(r"since=2026-03-0[345]T", asked[0])


@pytest.mark.parametrize(("zone", "first"), [("UTC", "Day 2, hour 0."), ("Asia/Tokyo", "Day 1, hour 15.")])
def test_a_day_is_one_of_the_browser(visit: VisitConsole, days: ServeProcess, zone: str, first: str) -> None:
    it = visit(days.url, timezone_id=zone)
    it.page.goto(f"{it.url}/#/jobs?since=2026-03-02&until=2026-03-02&page=2")
    history(it.page).get_by_text("24 entries").wait_for()
    assert first in entries(it.page).last.inner_text()


def test_what_is_no_day_is_said_to_be_none(visit: VisitConsole, days: ServeProcess) -> None:
    it = visit(days.url)
    it.page.goto(f"{it.url}/#/jobs?since=whenever")
    history(it.page).get_by_text("must be a day or a moment").wait_for()
