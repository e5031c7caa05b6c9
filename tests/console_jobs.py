"""The page Jobs for tests: texts that are spoken, and what a visitor does with them."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import TYPE_CHECKING, Any

from conftest import ServeProcess

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


def post(service: ServeProcess, path: str, **body: Any) -> dict[str, Any]:
    address = f"{service.url.rstrip('/')}/{path}"
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        told: dict[str, Any] = json.load(answer)
        return told


def get(service: ServeProcess, path: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{service.url.rstrip('/')}/{path}", timeout=20) as answer:
        told: dict[str, Any] = json.load(answer)
        return told


def slow(seconds: int) -> str:
    """A text that takes the engine for faults so long; each sentence is another, as the same is spoken once."""
    return " ".join(f"sleep:{0.5 + count / 1000}." for count in range(2 * seconds))


def job(service: ServeProcess, text: str, *, end: str = "complete", **more: Any) -> str:
    """Have a text spoken; the job's id when it has ended so."""
    id = str(post(service, "api/tts/generate", **{"model_id": "hibari", "text": text, **more})["job_id"])
    latest = time.monotonic() + 20
    while get(service, f"api/tts/jobs/{id}")["status"] != end:
        assert time.monotonic() < latest
        time.sleep(0.05)
    return id


def history(page: Page) -> Locator:
    return page.get_by_role("region", name="History")


def entries(page: Page) -> Locator:
    return history(page).get_by_role("list", name="What was spoken").locator("li.entry")


def entry(page: Page, text: str) -> Locator:
    return entries(page).filter(has_text=text)


def compose(page: Page, lines: str) -> Locator:
    """The window for a new batch, filled in."""
    page.get_by_role("button", name="New batch").click()
    dialog = page.get_by_role("dialog", name="New batch")
    dialog.get_by_label("Lines", exact=True).fill(lines)
    dialog.get_by_role("button", name="Voice: ").wait_for()
    return dialog
