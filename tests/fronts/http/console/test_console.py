"""What every page of the console has, in a real browser: looks, names, connection, key."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import ServeProcess
from console_browser import LISTEN, PAGES, SIZES, Visit, VisitConsole

if TYPE_CHECKING:
    from playwright.sync_api import Route

pytestmark = pytest.mark.slow

@pytest.mark.parametrize("size", SIZES)
def test_every_page_fits_and_has_no_serious_fault(
    visit: VisitConsole, default_service: ServeProcess, axe: str, looked_at: Callable[[Visit, str], None], size: str
) -> None:
    it = visit(default_service.url, init=(axe,), **SIZES[size])
    it.wait_until_live()
    for page in PAGES:
        it.go(page)
        it.wait_until_settled()
        looked_at(it, page)


def test_what_opens_on_a_page_has_no_serious_fault_either(
    visit: VisitConsole, default_service: ServeProcess, axe: str, looked_at: Callable[[Visit, str], None]
) -> None:
    it = visit(default_service.url, init=(axe,), **SIZES["phone"])
    page = it.page
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("button", name="Second voice").click()
    page.get_by_role("button", name="Listen to heart").wait_for()
    looked_at(it, "picker")
    page.keyboard.press("Escape")
    page.get_by_label("Text", exact=True).fill("Everything that there is to see after somebody has spoken.")
    page.get_by_role("button", name="Speak", exact=True).click()
    page.get_by_role("article").nth(1).get_by_role("status").filter(has_text="Ready").wait_for()
    page.get_by_text("More settings").first.click()
    page.get_by_role("button", name="Command line").first.click()
    page.get_by_role("button", name="Download").first.click()
    looked_at(it, "spoken")


def test_the_colours_can_be_chosen_and_stay(visit: VisitConsole, default_service: ServeProcess) -> None:
    page = visit(default_service.url, color_scheme="light").page

    def ground() -> str:
        return str(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))

    light = ground()
    page.get_by_role("button", name="Colours: as the system has them").click()
    assert ground() == light
    page.get_by_role("button", name="Colours: light").click()
    dark = ground()
    assert dark != light
    page.reload()
    page.get_by_role("button", name="Colours: dark").wait_for()
    assert ground() == dark


def test_the_address_says_which_page_is_shown(visit: VisitConsole, default_service: ServeProcess) -> None:
    it = visit(default_service.url)
    for name in ("System", "Speak"):
        it.page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
        it.page.get_by_role("heading", level=1, name=name).wait_for()
        assert it.page.url.endswith(f"#/{name.lower()}") and it.page.title().startswith(name)
        assert it.page.evaluate("document.activeElement.id") == "main", "who hears the page is told"
    it.page.go_back()
    it.page.get_by_role("heading", level=1, name="System").wait_for()
    it.page.goto(f"{it.url}/#/nonsense?x=1")
    it.page.get_by_role("heading", level=1, name="Speak").wait_for()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def test_it_outlives_the_service(visit: VisitConsole, serve: Callable[..., ServeProcess], tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    service = serve("--http", address, data_dir=tmp_path / "data")
    it = visit(service.url, init=(LISTEN,))
    it.wait_until_live()
    service.stop()
    it.page.get_by_role("status").filter(has_text="Connecting").wait_for()
    it.page.get_by_label("Text", exact=True).fill("Is anybody there?")
    it.page.get_by_role("button", name="Speak", exact=True).click()
    it.page.get_by_role("alert").filter(has_text="does not answer").first.wait_for()
    serve("--http", address, data_dir=tmp_path / "data")
    it.wait_until_live()
    it.page.get_by_role("button", name="Speak", exact=True).click()
    it.until("window.heard?.loudest > 0.02", 25)


def test_an_update_is_told(visit: VisitConsole, serve: Callable[..., ServeProcess], tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    service = serve("--http", address, data_dir=tmp_path / "data")
    it = visit(service.url)
    it.wait_until_live()
    service.stop()

    def as_if_newer(route: Route) -> None:
        if route.request.method == "HEAD":
            route.fulfill(headers={"ETag": '"newer"'})
        else:
            route.continue_()

    it.page.route(lambda url: url.endswith(f"{address}/"), as_if_newer)
    serve("--http", address, data_dir=tmp_path / "data")
    it.page.get_by_role("button", name="Load it again").click()
    it.wait_until_live()
    assert not it.page.get_by_role("button", name="Load it again").is_visible()


def test_a_key_is_asked_for_once(visit: VisitConsole, serve: Callable[..., ServeProcess]) -> None:
    service = serve(OPENSPEAKERS__HTTP__API_KEY="sesame")
    it = visit(service.url)
    prompt = it.page.get_by_role("dialog", name="This service wants a key")
    prompt.get_by_label("Key", exact=True).fill("parsley")
    prompt.get_by_role("button", name="Continue").click()
    it.page.get_by_text("That is not the key").wait_for()
    prompt.get_by_label("Key", exact=True).fill("sesame")
    prompt.get_by_role("button", name="Continue").click()
    prompt.wait_for(state="hidden")
    it.wait_until_live()
    it.go("system")
    it.page.get_by_role("region", name="Settings").get_by_text("http.address").wait_for()
    it.page.reload()
    it.wait_until_live()
    assert not prompt.is_visible()
    assert it.page.evaluate("[localStorage, sessionStorage].map((kept) => kept.getItem('openspeakers.key'))") == [
        None, "sesame",
    ]  # fmt: skip
    assert not [url for url in it.requests if "sesame" in url and not re.match("wss?:", url)]


def test_two_pages_are_not_asked_for_files_twice(visit: VisitConsole, default_service: ServeProcess) -> None:
    it = visit(default_service.url)
    it.wait_until_live()
    answered: list[str] = []
    it.page.on("response", lambda one: None if one.from_service_worker else answered.append(one.url))
    it.page.goto("about:blank")
    it.page.go_back()
    it.wait_until_live()
    files = it.page.evaluate(
        "performance.getEntriesByType('resource').filter((one) => one.name.includes('/console/'))"
        ".map((one) => [one.name, one.transferSize])"
    )
    assert len(files) > 40 and not [name for name, size in files if size], "they are kept under their version"
