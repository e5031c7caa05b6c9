"""Opens the console in Debian's Chromium."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from assets import asset
from console_browser import Visit, VisitConsole, chromium, launched, visited

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_COLOURS: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture(scope="module")
def browser_arguments() -> list[str]:
    """What else Chromium is started with."""
    return []


@pytest.fixture(scope="module")
def browser(browser_arguments: list[str]) -> Iterator[Browser]:
    """Chromium. It ends with the module: as long as Playwright runs, no test may have an event loop."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = chromium()
    if program is None:
        pytest.skip("Chromium is not installed: apt install chromium, or name another in OPENSPEAKERS_CHROMIUM")
    with launched(program, *browser_arguments) as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser) -> Iterator[VisitConsole]:
    """Open the console: `visit(url, width=390, color_scheme="dark", init=[LISTEN])`; it is checked at the end."""
    visits: list[Visit] = []

    def begin(url: str, **more: Any) -> Visit:
        visits.append(visited(browser, url, **more))
        return visits[-1]

    yield begin
    for one in visits:
        one.check()
        one.page.context.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker, which runs inside the page."""
    return (asset("axe-core") / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Keep pictures in the folder that OPENSPEAKERS_SCREENSHOTS names; nowhere when it names none."""
    folder = os.environ.get("OPENSPEAKERS_SCREENSHOTS")

    def take(page: Page, name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            # What stands over the page has its place in the window.
            is_whole = page.locator("dialog[open]").count() == 0
            page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=is_whole)

    return take


@pytest.fixture
def looked_at(picture: Callable[[Page, str], None]) -> Callable[[Visit, str], None]:
    """Look at what is shown, in light and dark: it fits, and axe-core, which must be in it, finds nothing serious."""

    def look(it: Visit, name: str) -> None:
        for colours in _COLOURS:
            it.page.emulate_media(color_scheme=colours, reduced_motion="reduce")
            # Other colours come with the next pictures.
            it.page.wait_for_timeout(300)
            picture(it.page, f"{name}-{colours}-{it.size}")
            assert it.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
            assert not it.faults(), (name, colours)

    return look
