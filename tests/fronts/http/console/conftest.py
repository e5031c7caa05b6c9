"""Opens the console in Debian's Chromium."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from console_browser import WATCH, Visit, VisitConsole, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. It ends with the module: as long as Playwright runs, no test may have an event loop."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = chromium()
    if program is None:
        pytest.skip("Chromium is not installed: apt install chromium, or name another in OPENSPEAKERS_CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[VisitConsole]:
    """Open the console: `visit(url, width=390, color_scheme="dark", init=[LISTEN])`; it is checked at the end."""
    visits: list[Visit] = []

    def begin(url: str, *, width: int = 1280, height: int = 860, init: tuple[str, ...] = (), **more: Any) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True, **more)
        page = context.new_page()
        page.set_default_timeout(15_000)
        made = Visit(page, url.rstrip("/"))
        page.on("pageerror", lambda error: made.errors.append(f"{error.message}\n{error.stack}"))
        page.on("request", lambda request: made.requests.append(request.url))
        page.on("websocket", lambda socket: made.requests.append(socket.url))
        for script in (WATCH, *init):
            page.add_init_script(script)
        page.goto(made.url + "/")
        visits.append(made)
        return made

    yield begin
    for one in visits:
        one.check()
        one.page.context.close()


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
