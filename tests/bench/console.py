"""The console in a real browser: how soon it is heard, whether it stays quick, what it weighs, whom it leaves out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.history import made_up
from bench.results import Figure, middle
from bench.servers import Server, our_server
from bench.setup import Setup
from console_browser import LISTEN, PAGES, SIZES, Visit, chromium, launched, visited
from console_pace import (
    CHANGE,
    LATEST,
    LONGEST,
    first_sound,
    forget_tasks,
    longest_task,
    scrolled,
    searched,
    turned,
    typed,
)
from console_voices import keep_presets

from wyoming_openspeakers.config.tree import HistoryConfig
from wyoming_openspeakers.history.store import HistoryStore

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_SPEECHES = 9
_ENTRIES = 100_000
_VOICES = 500
_ROUNDS = 5
_TURNS = 20
_SEARCHES = ("washing machine", "garden", "Anna", "needs attention", "doorbell")
_MOST_BYTES = 200.0

_TYPING = 200.0
"""Milliseconds for which the history waits for one more letter."""

_FETCHED = """
performance.getEntriesByType("resource").filter((one) => one.name.includes("/console/"))
    .reduce((sum, one) => sum + one.decodedBodySize, 0)
    + performance.getEntriesByType("navigation")[0].decodedBodySize
"""

_LOOKS = [
    {**size, "color_scheme": colours, "reduced_motion": "reduce"}
    for size in SIZES.values()
    for colours in ("light", "dark")
]


def measure(setup: Setup) -> list[Figure]:
    """Visit a service that is new, and one with a long history and many voices."""
    program = chromium()
    if program is None:
        raise LookupError("Chromium is not installed: apt install chromium, or name another in OPENSPEAKERS_CHROMIUM")
    data = setup.folder / "old-house"
    entries, voices = setup.count(_ENTRIES, least=2000), setup.count(_VOICES, least=100)
    asyncio.run(_speak_for_years(data, entries))
    keep_presets(data, voices)
    axe = (setup.assets / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    # The browser after the service: while it runs, this thread can have no other event loop.
    with our_server(setup) as server, launched(program) as browser:
        figures = [*_heard(browser, server, setup), *_weighed(browser, server), *_read(browser, server, axe)]
    with our_server(setup, data=data) as server, launched(program) as browser:
        return [*figures, *_looked_through(browser, server, entries), *_chosen(browser, server, voices)]


async def _speak_for_years(data: Path, entries: int) -> None:
    store = HistoryStore(HistoryConfig(), data)
    await store.start()
    try:
        some = list(made_up(entries))
        for begin in range(0, entries, 5000):
            await store.add(*some[begin : begin + 5000])
        await store.settle()
    finally:
        await store.stop()


@contextmanager
def _visit(browser: Browser, server: Server, page: str, **how: Any) -> Iterator[Visit]:
    it = visited(browser, f"http://127.0.0.1:{server.http_port}", **how)
    try:
        it.wait_until_live()
        if page != PAGES[0]:
            it.go(page)
        it.wait_until_settled()
        yield it
    finally:
        it.page.context.close()


def _figure(name: str, value: float, unit: str = "ms", most: float | None = None, note: str = "") -> Figure:
    return Figure("console", name, value, unit, at_most=most, note=note)


def _longest(name: str, tasks: Sequence[float]) -> Figure:
    return _figure(f"{name}, median", middle(tasks), most=LONGEST,
                   note=f"0 when none is over 50 ms; the longest of all {max(tasks):.0f} ms")  # fmt: skip


def _heard(browser: Browser, server: Server, setup: Setup) -> list[Figure]:
    goes_on = "It goes on for a while, so that there is something to stream. " * 4
    with _visit(browser, server, "speak", init=(LISTEN,)) as it:
        first_sound(it, "Nobody is asked to be quick at once.")
        sounds = [first_sound(it, f"This is number {count}. {goes_on}") for count in range(setup.count(_SPEECHES, 3))]
    late, tasks = [sound.late for sound in sounds], [sound.longest_task for sound in sounds]
    return [
        _figure("first sound after the first byte, median", middle(late), most=LATEST,
                note=f"{len(late)} speeches, the latest {max(late):.0f} ms"),
        _longest("longest task while it streams", tasks),
    ]  # fmt: skip


def _weighed(browser: Browser, server: Server) -> list[Figure]:
    figures = []
    with _visit(browser, server, PAGES[0]) as it:
        weights = [float(it.page.evaluate(_FETCHED))]
        for page in PAGES[1:]:
            it.go(page)
            it.wait_until_settled()
            weights.append(float(it.page.evaluate(_FETCHED)))
        foreign, wrong = it.foreign(), [*it.errors, *it.page.evaluate("seen.violations")]
    begun = weights[0] / 1000
    figures.append(_figure("what a browser begins with", begun, "kB", _MOST_BYTES, "before compression; all of Speak"))
    for page, before, after in zip(PAGES[1:], weights, weights[1:], strict=False):
        figures.append(_figure(f"what {page.title()} adds", (after - before) / 1000, "kB"))
    return [
        *figures,
        _figure("all pages together", weights[-1] / 1000, "kB", _MOST_BYTES,
                "source with comments, as there is no build step"),
        _figure("requests that leave the origin", len(foreign), "", 0, ", ".join(foreign[:3])),
        _figure("errors, and breaches of the policy", len(wrong), "", 0, ", ".join(wrong[:3])),
    ]  # fmt: skip


def _read(browser: Browser, server: Server, axe: str) -> list[Figure]:
    faults: dict[str, list[str]] = {page: [] for page in PAGES}
    for look in _LOOKS:
        for page in PAGES:
            with _visit(browser, server, page, init=(axe,), **look) as it:
                faults[page] += it.faults()
    looks = "axe-core, on phone and desktop, light and dark"
    return [
        _figure(f"serious faults in {page.title()}", len(found), "", 0, "; ".join(found[:2]) or looks)
        for page, found in faults.items()
    ]


def _looked_through(browser: Browser, server: Server, entries: int) -> list[Figure]:
    rows, forth, words_field = "ul.entries", "[aria-label='Page after']", "main input[type=search]"
    with _visit(browser, server, "jobs") as it:
        page = it.page
        page.get_by_role("list", name="What was spoken").get_by_role("listitem").nth(19).wait_for()
        _task(it)
        turns = [(turned(page, rows, forth), _task(it)) for _ in range(_TURNS)]
        searches = [(searched(page, rows, words_field, words), _task(it)) for words in _SEARCHES]
        typed(page.get_by_role("searchbox").first, "kitchen")
        page.wait_for_timeout(1000)
        while_typed = _task(it)
        scrolled(page)
        while_scrolled = _task(it)
    among = f"among {entries:,} entries"
    changes, while_turned = zip(*turns, strict=True)
    founds, while_searched = zip(*searches, strict=True)
    return [
        _figure("another page of the history, median", middle(changes), most=CHANGE,
                note=f"{among}, the slowest {max(changes):.0f} ms"),
        _figure("a search of the history, median", middle(founds), most=CHANGE + _TYPING,
                note=f"{among}, {_TYPING:.0f} ms of it until one has stopped typing; slowest {max(founds):.0f} ms"),
        _longest("longest task when the page turns", while_turned),
        _longest("longest task when a search is answered", while_searched),
        _figure("longest task while one types a search", while_typed, most=LONGEST),
        _figure("longest task while the history is scrolled", while_scrolled, most=LONGEST),
    ]  # fmt: skip


def _chosen(browser: Browser, server: Server, voices: int) -> list[Figure]:
    dialog, page = _Pace(), _Pace()
    with _visit(browser, server, "speak") as it:
        for _ in range(_ROUNDS):
            it.page.get_by_role("button", name="Voice: Automatic").wait_for()
            dialog.watch(it, ".voice-list", ".voice-choice")
            it.page.keyboard.press("Escape")
            it.page.get_by_role("dialog").wait_for(state="hidden")
    for _ in range(_ROUNDS):
        with _visit(browser, server, "system") as it:
            page.watch(it, ".voice-cards", "nav a[href='#/voices']")
    return [*dialog.figures("the list to choose from", voices), *page.figures("the page Voices", voices)]


@dataclass
class _Pace:
    """How quick a list of voices is, each time that it was opened."""

    opened: list[float] = field(default_factory=list)
    while_opened: list[float] = field(default_factory=list)
    while_typed: list[float] = field(default_factory=list)
    while_scrolled: list[float] = field(default_factory=list)

    def watch(self, it: Visit, list_: str, button: str) -> None:
        """Open it, type a search and take it back, and scroll to its end."""
        forget_tasks(it.page)
        self.opened.append(turned(it.page, list_, button))
        it.page.locator(f"{list_} li").nth(20).wait_for(state="attached")
        self.while_opened.append(_task(it))
        typed(it.page.get_by_role("searchbox"), "voice floor")
        self.while_typed.append(_task(it))
        scrolled(it.page)
        self.while_scrolled.append(_task(it))

    def figures(self, what: str, voices: int) -> list[Figure]:
        """The medians."""
        return [
            _figure(f"{what} opens in, median", middle(self.opened), most=CHANGE,
                    note=f"{voices} voices, the slowest of {len(self.opened)}: {max(self.opened):.0f} ms"),
            *(
                _longest(f"longest task while {what} {deed}", tasks)
                for deed, tasks in (("opens", self.while_opened), ("is searched", self.while_typed),
                                    ("is scrolled", self.while_scrolled))
            ),
        ]  # fmt: skip


def _task(it: Visit) -> float:
    """The longest task since the last look; the browser tells of it a moment later."""
    it.page.wait_for_timeout(200)
    longest = longest_task(it.page)
    forget_tasks(it.page)
    return longest
