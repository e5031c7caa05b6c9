"""How quick the console is, in milliseconds and measured inside the browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console_browser import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

LATEST = 100.0
"""Aim: from the first byte of a speech to its first sound."""

LONGEST = 100.0
"""Aim: what keeps a page from answering at a time."""

CHANGE = 300.0
"""Aim: from a click to another page of a long list."""

_FIRST_BYTE = """
    performance.getEntriesByType("resource").filter((one) => one.name.endsWith("/v1/audio/speech")).at(-1).responseStart
"""

_UNTIL_CHANGED = """
async ([list, element, text]) => {
    const shown = () => document.querySelector(list)?.textContent ?? "";
    const before = shown();
    const pressed = document.querySelector(element);
    const began = performance.now();
    if (text === null) pressed.click();
    else {
        pressed.value = text;
        pressed.dispatchEvent(new Event("input", {bubbles: true}));
    }
    while (shown() === before && performance.now() - began < 15000) await new Promise(requestAnimationFrame);
    return performance.now() - began;
}
"""
"""From a click, or a text that is filled in at once, until the frame in which a list is another."""


@dataclass(frozen=True)
class FirstSound:
    """A speech, seen from its first byte on."""

    late: float
    """Until something could be heard."""

    longest_task: float


def first_sound(it: Visit, text: str) -> FirstSound:
    """Have a text spoken on the page Speak and listen to its begin; the visit needs `LISTEN`."""
    page = it.page
    forget_tasks(page)
    page.evaluate("window.heard && Object.assign(heard, {first: 0, loudest: 0})")
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Speak", exact=True).click()
    first = it.until("window.heard?.first")
    page.get_by_role("article").get_by_role("status").filter(has_text="Ready").first.wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    byte = page.evaluate(_FIRST_BYTE)
    longest = longest_task(page, since=byte)
    it.until("heard.now < 0.001")
    return FirstSound(first - byte, longest)


def forget_tasks(page: Page) -> None:
    """From now on only what comes counts."""
    page.evaluate("seen.longTasks.length = 0")


def longest_task(page: Page, since: float = 0.0) -> float:
    """The longest that the page could not answer; 0 when that was never longer than 50 ms."""
    tasks: list[dict[str, Any]] = page.evaluate("seen.longTasks")
    return max((float(task["duration"]) for task in tasks if task["start"] >= since), default=0.0)


def turned(page: Page, list_: str, button: str) -> float:
    """Press a button, until the list is another; both are selectors."""
    return float(page.evaluate(_UNTIL_CHANGED, [list_, button, None]))


def searched(page: Page, list_: str, field: str, words: str) -> float:
    """Fill in a field at once, until the list is another."""
    return float(page.evaluate(_UNTIL_CHANGED, [list_, field, words]))


def typed(field: Locator, words: str, *, delay: float = 40.0) -> None:
    """Type like a quick hand, and take it back."""
    field.press_sequentially(words, delay=delay)
    for _ in words:
        field.press("Backspace")


def scrolled(page: Page, *, pixels: int = 12_000, step: int = 400) -> None:
    """Turn the wheel down and up again."""
    page.mouse.move(640, 430)
    for direction in (step, -step):
        for _ in range(pixels // step):
            page.mouse.wheel(0, direction)
            page.wait_for_timeout(16)
