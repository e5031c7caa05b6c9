"""Models are found by words, by what they can do and by language, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import ServeProcess
from console_browser import Visit, VisitConsole
from console_models import GATED, REMOTE, card, status

pytestmark = pytest.mark.slow

def shown(it: Visit) -> list[str]:
    return [name for name in ("Hibari", "Fault", "Strict", "Remote") if card(it, name).is_visible()]


def test_models_are_searched_and_filtered(visit: VisitConsole, serve_from: Callable[..., ServeProcess]) -> None:
    it = visit(serve_from(GATED | REMOTE).url)
    it.go("models")
    status(it, "Remote", "Not downloaded")
    assert shown(it) == ["Hibari", "Fault", "Strict", "Remote"]
    it.page.get_by_role("button", name="Not installed").click()
    assert shown(it) == ["Strict", "Remote"]
    it.page.get_by_label("Language", exact=True).select_option(label="Swedish")
    assert shown(it) == ["Strict"]
    it.page.reload()
    card(it, "Strict").wait_for()
    assert shown(it) == ["Strict"], "the address says what is shown"
    it.page.get_by_role("searchbox", name="Search models").fill("apache")
    it.page.get_by_text("No such model").wait_for()
    it.page.get_by_role("button", name="Show all").click()
    card(it, "Hibari").wait_for()
    it.page.get_by_role("searchbox", name="Search models").fill("speed apache")
    card(it, "Fault").wait_for(state="hidden")
    assert shown(it) == ["Hibari"]
