"""The console in a real browser: what a visit may not do is watched, and what it lets hear is listened to."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Page

_NAMES = ("chromium", "chromium-browser", "google-chrome")

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
    window.heard = {first: 0, loudest: 0, rate: 0, silences: [], now: 0};
    let tap = null, silentSince = 0;
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


@dataclass
class Visit:
    """A page of the console in a browser of its own, and what it did that it should not."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def go(self, page: str) -> None:
        """Show a page: `speak`, `system`."""
        self.page.goto(f"{self.url}/#/{page}")
        self.page.get_by_role("heading", level=1, name=page.title()).wait_for()

    def wait_until_live(self) -> None:
        """Until the console follows the service."""
        self.page.get_by_role("status").filter(has_text="Live").wait_for()

    def until(self, expression: str, seconds: float = 15.0) -> Any:
        """Wait for an expression to be something; Playwright's own way needs `eval`, which the policy forbids."""
        end = time.monotonic() + seconds
        while not (value := self.page.evaluate(expression)):
            assert time.monotonic() < end, f"{expression} is still {value!r}"
            self.page.wait_for_timeout(20)
        return value

    def check(self) -> None:
        """Nothing went wrong unseen, nothing was asked elsewhere, and the policy was kept."""
        origin = urlsplit(self.url).netloc
        foreign = [url for url in self.requests if urlsplit(url).netloc not in (origin, "")]
        assert not foreign
        assert not self.errors
        assert not self.page.evaluate("seen.violations")


VisitConsole = Callable[..., Visit]
