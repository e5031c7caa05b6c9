"""The console in a real browser: what a visit may not do is watched, and what it lets hear is listened to."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_NAMES = ("chromium", "chromium-browser", "google-chrome")

PAGES = ("speak", "voices", "jobs", "models", "system")

SIZES = {"phone": {"width": 360, "height": 780}, "desktop": {"width": 1280, "height": 860}}

WATCH = """
window.seen = {violations: [], longTasks: []};
document.addEventListener("securitypolicyviolation", (event) =>
    seen.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
new PerformanceObserver((list) => list.getEntries().forEach((task) =>
    seen.longTasks.push({start: task.startTime, duration: task.duration}))).observe({type: "longtask", buffered: true});
"""
"""Collects in `seen` what breaks the policy, and what keeps the page from answering."""

LISTEN = """
{
    const connect = AudioNode.prototype.connect;
    const samples = new Float32Array(2048);
    window.heard = {first: 0, loudest: 0, rate: 0, now: 0};
    let tap = null;
    function look() {
        tap.getFloatTimeDomainData(samples);
        const loud = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
        heard.now = loud;
        heard.loudest = Math.max(heard.loudest, loud);
        if (loud > 0.001 && !heard.first) heard.first = performance.now();
    }
    AudioNode.prototype.connect = function (target, ...rest) {
        if (!(target instanceof AudioDestinationNode)) return connect.call(this, target, ...rest);
        if (!tap) {
            tap = this.context.createAnalyser();
            heard.rate = this.context.sampleRate;
            connect.call(tap, target);
            setInterval(look, 4);
        }
        return connect.call(this, tap, ...rest);
    };
}
"""
"""Puts an AnalyserNode before the loudspeaker, and tells in `heard` what came through it."""


def chromium() -> str | None:
    """The program, where there is one."""
    return os.environ.get("OPENSPEAKERS_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


@contextmanager
def launched(program: str, *arguments: str) -> Iterator[Browser]:
    """Chromium with these arguments. As long as it runs, this thread can have no other event loop."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", *arguments]
        browser = playwright.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page of the console in a browser of its own, and what it did that it should not."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def size(self) -> str:
        """`phone` or `desktop`."""
        window = self.page.viewport_size
        return "phone" if window and window["width"] <= SIZES["phone"]["width"] else "desktop"

    def go(self, page: str) -> None:
        """Show a page: `speak`, `system`."""
        self.page.goto(f"{self.url}/#/{page}")
        self.page.get_by_role("heading", level=1, name=page.title()).wait_for()

    def wait_until_live(self) -> None:
        """Until the console follows the service."""
        self.page.get_by_role("status").filter(has_text="Live").wait_for()

    def wait_until_settled(self) -> None:
        """Until all that a page asks for at its start has come."""
        self.page.get_by_text("Loading").first.wait_for(state="hidden")
        self.page.wait_for_timeout(300)

    def until(self, expression: str, seconds: float = 15.0) -> Any:
        """Wait for an expression to be something; Playwright's own way needs `eval`, which the policy forbids."""
        end = time.monotonic() + seconds
        while not (value := self.page.evaluate(expression)):
            assert time.monotonic() < end, f"{expression} is still {value!r}"
            self.page.wait_for_timeout(20)
        return value

    def faults(self) -> list[str]:
        """What axe-core, which must be in the page, takes for serious, each with the elements that it is about."""
        found: list[dict[str, Any]] = self.page.evaluate("axe.run().then((result) => result.violations)")
        return [
            f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
            for one in found
            if one["impact"] in ("serious", "critical")
        ]

    def foreign(self) -> list[str]:
        """What was asked of others than the service."""
        origin = urlsplit(self.url).netloc
        return [url for url in self.requests if urlsplit(url).netloc not in (origin, "")]

    def check(self) -> None:
        """Nothing went wrong unseen, nothing was asked elsewhere, and the policy was kept."""
        assert not self.foreign()
        assert not self.errors
        assert not self.page.evaluate("seen.violations")


VisitConsole = Callable[..., Visit]


def visited(
    browser: Browser, url: str, *, width: int = 1280, height: int = 860, init: tuple[str, ...] = (), **more: Any
) -> Visit:
    """Open the console; `init` are scripts that run before it, and `more` goes to the browser's context."""
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
    return made
