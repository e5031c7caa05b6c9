"""What is in work: seen, cancelled, and taken up again after a restart."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ServeProcess
from console_browser import VisitConsole
from console_jobs import compose, entries, post, slow

pytestmark = pytest.mark.slow


def test_jobs_in_work_are_seen_and_cancelled(visit: VisitConsole, faulty: ServeProcess) -> None:
    it = visit(faulty.url)
    it.go("jobs")
    it.wait_until_live()
    long = slow(30)
    post(faulty, "api/tts/generate", model_id="fault", text=f"tone. {long}")
    post(faulty, "api/tts/batch", model_id="fault", lines=[long, long, "tone."])
    work = it.page.get_by_role("region", name="In work")
    work.get_by_text("4 texts").wait_for()
    bar = work.get_by_role("progressbar", name="Speaking")
    bar.wait_for()
    before = int(bar.get_attribute("aria-valuenow") or 0)
    end = time.monotonic() + 10
    while int(bar.get_attribute("aria-valuenow") or 0) <= before:
        assert time.monotonic() < end, "it does not move"
        it.page.wait_for_timeout(100)
    work.get_by_role("button", name="Cancel tone.").click()
    work.get_by_text("3 texts").wait_for()
    work.get_by_role("link", name="3 lines in a batch").click()
    batch = it.page.get_by_role("region", name="Batch")
    batch.get_by_role("button", name="Cancel").click()
    batch.get_by_text("3 stopped", exact=True).wait_for()
    it.page.get_by_role("link", name="All jobs").click()
    work.wait_for(state="hidden")
    entries(it.page).filter(has_text="Stopped").nth(3).wait_for()
    assert entries(it.page).count() == 4


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def test_a_batch_outlives_a_restart(visit: VisitConsole, serve: Callable[..., ServeProcess], tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    service = serve("--http", address, data_dir=tmp_path / "data")
    it = visit(service.url)
    it.go("jobs")
    it.wait_until_live()
    long = "This is a story that goes on for a while, so that nobody is done with it before the restart. " * 12
    dialog = compose(it.page, "\n".join(f"Number {number}. {long}" for number in range(8)))
    dialog.get_by_role("button", name="Speak 8 lines").click()
    batch = it.page.get_by_role("region", name="Batch")
    batch.get_by_text(re.compile(r"\d (done|speaking)")).wait_for()
    service.stop()
    it.page.get_by_role("status").filter(has_text="Connecting").wait_for()
    assert not batch.get_by_text("8 done", exact=True).is_visible(), "it was over before the restart"
    serve("--http", address, data_dir=tmp_path / "data")
    it.wait_until_live()
    batch.get_by_text("8 done", exact=True).wait_for(timeout=60_000)
