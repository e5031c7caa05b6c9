"""The page Jobs, in a real browser, with the real default voice."""

from __future__ import annotations

import asyncio
import io
import json
import re
import socket
import threading
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
import yaml
from assets import asset
from conftest import ServeProcess
from console_browser import LISTEN, Visit, VisitConsole
from fault_models import models_file

from wyoming_openspeakers.config.tree import HistoryConfig
from wyoming_openspeakers.history.entry import Entry
from wyoming_openspeakers.history.store import HistoryStore

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Route

pytestmark = pytest.mark.slow

SIZES = {"phone": (360, 780), "desktop": (1280, 860)}

GRAVE = ("serious", "critical")

MANY = 100_000
MOST_PAGE_CHANGE = 300
"""Milliseconds from a click to another page of a long history."""

MOST_TASK = 100


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeProcess]:
    """With the default voice, and a history that only these tests fill."""
    process = ServeProcess(tmp_path_factory.mktemp("jobs") / "data")
    yield process
    process.stop()


@pytest.fixture
def faulty(serve: Callable[..., ServeProcess], tmp_path: Path) -> ServeProcess:
    """With an engine that does what its text says."""
    models = tmp_path / "models.yaml"
    models.write_text(yaml.safe_dump(models_file(fault={})))
    return serve("--models", str(models), OPENSPEAKERS__TEXT__NUMBERS="false")


def post(service: ServeProcess, path: str, **body: Any) -> dict[str, Any]:
    address = f"{service.url.rstrip('/')}/{path}"
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
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


def get(service: ServeProcess, path: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{service.url.rstrip('/')}/{path}", timeout=20) as answer:
        told: dict[str, Any] = json.load(answer)
        return told


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


def test_a_batch_of_twenty_is_spoken_and_had_as_an_archive(visit: VisitConsole, service: ServeProcess) -> None:
    it = visit(service.url)
    it.go("jobs")
    lines = [f"Announcement number {number}: the train is late." for number in range(1, 21)]
    dialog = compose(it.page, "\n".join(lines))
    dialog.get_by_role("button", name="Speak 20 lines").click()
    batch = it.page.get_by_role("region", name="Batch")
    batch.get_by_text("20 done", exact=True).wait_for(timeout=60_000)
    assert batch.get_by_role("progressbar").get_attribute("aria-valuenow") == "100"
    assert not batch.get_by_role("button", name="Cancel").is_visible()
    with it.page.expect_download() as download:
        batch.get_by_role("button", name="Download ZIP").click()
    assert re.fullmatch(r"batch-[0-9a-f]{8}\.zip", download.value.suggested_filename)
    with zipfile.ZipFile(download.value.path()) as archive:
        names = archive.namelist()
        assert [name[:3] for name in names] == [f"{number:03}" for number in range(1, 21)]
        assert all(name.endswith("the-train-is.mp3") for name in names)
        for name in names:
            audio, rate = soundfile.read(io.BytesIO(archive.read(name)))
            assert 1 < len(audio) / rate < 8 and np.abs(audio).max() > 0.02, name
    lines_of_it = it.page.get_by_role("list", name="Lines of the batch").locator("li.entry")
    assert lines_of_it.count() == 20
    lines_of_it.nth(7).get_by_role("link").click()
    it.page.get_by_role("dialog").get_by_text("Announcement number 8: the train is late.").wait_for()
    it.page.keyboard.press("Escape")
    batch.get_by_text("20 done", exact=True).wait_for()
    it.page.get_by_role("link", name="All jobs").click()
    assert "Announcement number 20" in entries(it.page).first.inner_text()
    history(it.page).get_by_role("link", name="Batch").first.click()
    it.page.get_by_role("region", name="Batch").get_by_text("20 lines").wait_for()


FILES = {
    "lines.txt": (b"One.\r\n\r\n  Two.  \nThree, four.\n", ["One.", "Two.", "Three, four."]),
    "table.csv": (b'text\n"Say ""hello"", all."\nNo quotes, but a comma;\n"Two\r\nrows"\n',
                  ['Say "hello", all.', "No quotes, but a comma", "Two rows"]),
    "wide.csv": ("﻿Tür auf\nTür zu\n".encode("utf-16le"), ["Tür auf", "Tür zu"]),
    "old.txt": ("Tür auf\n".encode("cp1252"), ["Tür auf"]),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_lines_come_from_a_file(visit: VisitConsole, service: ServeProcess, name: str) -> None:
    content, lines = FILES[name]
    it = visit(service.url)
    it.go("jobs")
    dialog = compose(it.page, "What was there before.")
    file = {"name": name, "mimeType": "text/plain", "buffer": content}
    dialog.get_by_label("Lines from a file").set_input_files(file)  # type: ignore[arg-type]
    dialog.get_by_role("button", name=re.compile(f"Speak {len(lines)} lines?")).wait_for()
    assert dialog.get_by_label("Lines", exact=True).input_value().split("\n") == lines


def test_what_is_no_list_of_lines_is_told(visit: VisitConsole, service: ServeProcess) -> None:
    it = visit(service.url)
    it.go("jobs")
    dialog = compose(it.page, "Still here.")
    for name, content, words in (("table.xlsx", b"PK\0\0", "save a table as CSV"), ("empty.txt", b"\n\n", "no lines")):
        file = {"name": name, "mimeType": "text/plain", "buffer": content}
        dialog.get_by_label("Lines from a file").set_input_files(file)  # type: ignore[arg-type]
        it.page.get_by_role("alert").filter(has_text=words).wait_for()
    assert dialog.get_by_label("Lines", exact=True).input_value() == "Still here."
    dialog.get_by_label("Lines", exact=True).fill("\n".join(f"Line {number}" for number in range(103)))
    dialog.get_by_text("A batch has up to 100 lines: these are 3 too many.").wait_for()
    assert dialog.get_by_role("button", name="Speak 103 lines").is_disabled()


def test_the_service_says_which_line_is_wrong(visit: VisitConsole, serve: Callable[..., ServeProcess]) -> None:
    it = visit(serve(OPENSPEAKERS__TEXT__MAX_CHARACTERS="20").url)
    it.go("jobs")
    dialog = compose(it.page, "Short.\nThis is a good deal longer than that.")
    dialog.get_by_role("button", name="Speak 2 lines").click()
    alert = dialog.get_by_role("alert")
    alert.filter(has_text="Line 2:").wait_for()
    assert "20" in alert.inner_text()


def test_one_long_text_is_one_job(visit: VisitConsole, service: ServeProcess) -> None:
    it = visit(service.url)
    it.go("jobs")
    dialog = compose(it.page, "A story has lines.\nThis one has two.")
    dialog.get_by_role("switch", name="A file for each line").uncheck()
    dialog.get_by_role("button", name="Speak", exact=True).click()
    row = entry(it.page, "A story has lines.")
    row.get_by_role("button", name="Play A story").wait_for()
    assert "This one has two." in row.inner_text()


def test_an_entry_is_heard_again(visit: VisitConsole, service: ServeProcess) -> None:
    job(service, "Heard once more.")
    it = visit(service.url, init=(LISTEN,))
    it.go("jobs")
    entry(it.page, "Heard once more.").get_by_role("button", name="Play").click()
    it.until("window.heard?.loudest > 0.02")
    entry(it.page, "Heard once more.").get_by_role("slider", name="Position in Heard once more.").wait_for()


def test_what_is_heard_stays_where_it_is(visit: VisitConsole, service: ServeProcess) -> None:
    job(service, "Under the hand.")
    it = visit(service.url, init=(LISTEN,))
    it.go("jobs")
    it.wait_until_live()
    entry(it.page, "Under the hand.").get_by_role("button", name="Play").click()
    it.until("window.heard?.loudest > 0.02")
    job(service, "This one is news.")
    news = history(it.page).get_by_role("button", name="Show what is new")
    news.wait_for()
    assert "Under the hand." in entries(it.page).first.inner_text()
    assert not entry(it.page, "This one is news.").is_visible()
    news.click()
    entry(it.page, "This one is news.").wait_for()


def test_it_is_spoken_again_in_the_same_way(visit: VisitConsole, service: ServeProcess) -> None:
    job(service, "The very same again.", voice_id="heart", speed=1.5, seed=7, output_format="opus")
    it = visit(service.url)
    it.go("jobs")
    it.wait_until_live()
    row = entry(it.page, "The very same again.")
    row.get_by_role("button", name="Speak again").click()
    it.until("document.querySelectorAll('li.entry').length && [...document.querySelectorAll('li.entry')]"
             ".filter((row) => row.textContent.includes('The very same again.')).length === 2")  # fmt: skip
    found = get(service, "api/history?search=very+same")["entries"]
    how = ("text", "voice", "parameters", "format", "language", "kind")
    assert len(found) == 2 and all(found[0][name] == found[1][name] for name in how)
    assert found[0]["parameters"] == {"speed": 1.5, "seed": 7} and found[0]["format"] == "opus"


@pytest.mark.parametrize(("name", "head"), [("MP3", b"\xff"), ("WAV", b"RIFF"), ("SRT", b"1\n00:00:")])
def test_it_is_had_in_any_format(visit: VisitConsole, service: ServeProcess, name: str, head: bytes) -> None:
    job(service, "Take me with you.", words=True)
    it = visit(service.url)
    it.go("jobs")
    entry(it.page, "Take me with you.").first.get_by_role("link").click()
    details = it.page.get_by_role("dialog", name="What was spoken")
    details.get_by_role("button", name="Download").click()
    with it.page.expect_download() as download:
        details.get_by_role("menuitem", name=name).click()
    assert download.value.suggested_filename == f"take-me-with-you.{name.lower()}"
    assert download.value.path().read_bytes().startswith(head)


def test_details_have_times_and_can_be_linked(visit: VisitConsole, service: ServeProcess) -> None:
    id = job(service, "All about me.", speed=1.25)
    it = visit(service.url)
    it.page.goto(f"{it.url}/#/jobs/entry/{id}")
    details = it.page.get_by_role("dialog", name="What was spoken")
    details.get_by_text("All about me.").wait_for()
    terms = details.get_by_role("term").all_inner_texts()
    assert {"State", "Voice", "Came", "Waited", "First audio", "Made in", "Length", "File", "Speed"} <= set(terms)
    details.get_by_role("link", name="Open in Speak").click()
    it.page.get_by_role("heading", level=1, name="Speak").wait_for()
    assert it.page.get_by_label("Text", exact=True).input_value() == "All about me."


def test_one_is_deleted_after_a_question(visit: VisitConsole, service: ServeProcess) -> None:
    id = job(service, "Nobody needs this one.")
    it = visit(service.url)
    it.go("jobs")
    row = entry(it.page, "Nobody needs this one.")
    row.get_by_role("button", name="Delete").click()
    question = it.page.get_by_role("dialog", name="Delete this?")
    question.get_by_role("button", name="Cancel").click()
    assert row.is_visible() and get(service, f"api/history/{id}")
    row.get_by_role("button", name="Delete").click()
    question.get_by_role("button", name="Delete").click()
    row.wait_for(state="hidden")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(service, f"api/history/{id}")


def test_some_are_deleted_and_then_all_that_are_found(visit: VisitConsole, service: ServeProcess) -> None:
    lines = [f"Rubbish of kind {number}." for number in range(6)]
    post(service, "api/tts/batch", model_id="hibari", lines=lines)
    job(service, "What stays is kept.")
    it = visit(service.url)
    it.page.goto(f"{it.url}/#/jobs?search=rubbish")
    history(it.page).get_by_text("6 entries").wait_for()
    for number in (1, 4):
        it.page.get_by_role("checkbox", name=f"Select Rubbish of kind {number}.").check()
    history(it.page).get_by_role("button", name="Delete 2").click()
    it.page.get_by_role("dialog", name="Delete 2 entries?").get_by_role("button", name="Delete").click()
    history(it.page).get_by_text("4 entries").wait_for()
    history(it.page).get_by_role("button", name="Delete", exact=True).click()
    it.page.get_by_role("menuitem", name="All that is found").click()
    it.page.get_by_role("dialog", name="Delete 4 entries?").get_by_role("button", name="Delete").click()
    it.page.get_by_text("Nothing like this was spoken").wait_for()
    it.page.get_by_role("button", name="Show everything").click()
    entry(it.page, "What stays is kept.").wait_for()


def test_what_was_listened_to_is_deleted_and_jobs_stay(visit: VisitConsole, serve: Callable[..., ServeProcess]) -> None:
    service = serve()
    it = visit(service.url, init=(LISTEN,))
    it.page.get_by_label("Text", exact=True).fill("Only listened to.")
    it.page.get_by_role("button", name="Speak", exact=True).click()
    it.page.get_by_role("article").get_by_role("status").filter(has_text="Ready").wait_for()
    job(service, "A job of its own.")
    it.go("jobs")
    entry(it.page, "Only listened to.").wait_for()
    history(it.page).get_by_role("button", name="Delete", exact=True).click()
    it.page.get_by_role("menuitem", name="What was listened to").click()
    it.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    it.page.get_by_text("1 entry deleted.").wait_for()
    entry(it.page, "Only listened to.").wait_for(state="hidden")
    assert entry(it.page, "A job of its own.").is_visible()
    history(it.page).get_by_role("button", name="Delete", exact=True).click()
    it.page.get_by_role("menuitem", name="Everything").click()
    it.page.get_by_role("dialog", name="Delete 1 entry?").get_by_role("button", name="Delete").click()
    it.page.get_by_text("Nothing has been spoken yet").wait_for()


def test_nothing_yet_says_what_to_do(visit: VisitConsole, serve: Callable[..., ServeProcess]) -> None:
    it = visit(serve().url)
    it.go("jobs")
    empty = history(it.page).get_by_text("Nothing has been spoken yet")
    empty.wait_for()
    history(it.page).get_by_role("link", name="Speak").click()
    it.page.get_by_role("heading", level=1, name="Speak").wait_for()


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


def test_what_failed_says_why_and_what_to_do(visit: VisitConsole, faulty: ServeProcess) -> None:
    post(faulty, "api/tts/generate", model_id="fault", text="crash.")
    it = visit(faulty.url)
    it.go("jobs")
    row = entries(it.page).first
    row.get_by_text("Failed").wait_for()
    row.get_by_role("link").click()
    details = it.page.get_by_role("dialog", name="What was spoken")
    details.get_by_text("Speak it again; if that fails,").wait_for()
    details.get_by_role("link", name="System").click()
    it.page.get_by_role("heading", level=1, name="System").wait_for()


def test_a_text_that_was_not_kept_is_said_to_be_so(visit: VisitConsole, serve: Callable[..., ServeProcess]) -> None:
    service = serve(OPENSPEAKERS__HISTORY__TEXTS="false")
    job(service, "Between us.")
    it = visit(service.url)
    it.go("jobs")
    row = entries(it.page).first
    row.get_by_text("The text was not kept").wait_for()
    assert row.get_by_role("button", name="Speak again: a text that was not kept").is_disabled()
    row.get_by_role("link").click()
    details = it.page.get_by_role("dialog", name="What was spoken")
    details.get_by_role("button", name="Download").wait_for()
    assert not details.get_by_role("button", name="Speak again").is_visible()


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


@pytest.fixture(scope="module")
def old_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeProcess]:
    """A service that has spoken a lot."""
    data = tmp_path_factory.mktemp("old")
    # Playwright has an event loop in this thread.
    writing = threading.Thread(target=lambda: asyncio.run(live_long(data)))
    writing.start()
    writing.join()
    process = ServeProcess(data)
    yield process
    process.stop()


async def live_long(data: Path) -> None:
    store = HistoryStore(HistoryConfig(), data)
    await store.start()
    now = time.time()
    for begin in range(0, MANY, 5000):
        await store.add(*(said(number, now - (MANY - number) * 60) for number in range(begin, begin + 5000)))
    await store.settle()
    await store.stop()


ROOMS = ("kitchen", "hall", "nursery", "garage", "attic")


def said(number: int, moment: float) -> Entry:
    has_failed = number % 50 == 0
    return Entry(
        id=f"{number:032x}", kind="live", status="failed" if has_failed else "complete", created=moment,
        front=("wyoming", "http", "mqtt")[number % 3], client="somebody",
        text=f"Message {number}: somebody left the light on in the {ROOMS[number % 5]}.", characters=60,
        model="hibari", voice="hibari/heart", language="en-US", started=moment, completed=moment + 1, queued=0.01,
        first_audio=0.05, total=0.4, seconds=3.2, error="The voice lost its patience" if has_failed else None,
    )  # fmt: skip


MEASURE = """
async (selector) => {
    const list = document.querySelector("ul.entries");
    const before = list.textContent;
    const began = performance.now();
    document.querySelector(selector).click();
    while (list.textContent === before) await new Promise(requestAnimationFrame);
    return performance.now() - began;
}
"""
"""Milliseconds from a click until the list is another."""


def many_voices(route: Route) -> None:
    """What a house with many models has: the answer of the service, with more in it."""
    answer = route.fetch()
    told: dict[str, Any] = answer.json()
    one = told["voices"][0]
    told["voices"] += [{**one, "id": f"hibari/voice{number}", "name": f"Voice {number}"} for number in range(500)]
    route.fulfill(response=answer, json=told)


def test_a_hundred_thousand_entries_are_paged_and_searched_smoothly(
    visit: VisitConsole, old_house: ServeProcess
) -> None:
    it = visit(old_house.url)
    page = it.page
    page.route("**/v1/audio/voices", many_voices)
    page.reload()
    it.go("jobs")
    it.wait_until_live()
    history(page).get_by_role("option", name="voice499 (Hibari)").wait_for(state="attached")
    history(page).get_by_text("100,000 entries").wait_for()
    rounds = [looked_through(it) for _ in range(3)]
    page.goto(f"{it.url}/#/jobs?page=5000")
    entry(page, "Message 0:").wait_for()
    print(f"page changes, search and longest task in milliseconds: {rounds}")
    # Others use the same machine: what counts is what the page makes of it when it is let.
    assert min(median(changes) for changes, _, _ in rounds) <= MOST_PAGE_CHANGE, rounds
    assert min(longest for _, _, longest in rounds) <= MOST_TASK, rounds


def looked_through(it: Visit) -> tuple[list[int], int, int]:
    """Turn pages, search and filter: how long the changes of pages, the search and the longest task took."""
    page = it.page
    page.evaluate("seen.longTasks.length = 0")
    changes = [round(page.evaluate(MEASURE, "[aria-label='Page after']")) for _ in range(10)]
    assert "201–220 of 100,000" in history(page).get_by_role("navigation", name="Pages").inner_text()
    began = time.perf_counter()
    history(page).get_by_role("searchbox").press_sequentially("nursery", delay=40)
    history(page).get_by_text("20,000 entries").wait_for()
    searched = round(1000 * (time.perf_counter() - began))
    assert "in the nursery." in entries(page).first.inner_text()
    history(page).get_by_role("combobox", name="State").select_option("failed")
    history(page).get_by_text("Nothing like this was spoken").wait_for()
    history(page).get_by_role("searchbox").fill("kitchen")
    history(page).get_by_text("2,000 entries").wait_for()
    longest = page.evaluate("Math.max(0, ...seen.longTasks.map((task) => task.duration))")
    page.goto(f"{it.url}/#/jobs")
    history(page).get_by_text("100,000 entries").wait_for()
    return changes, searched, longest


def test_what_is_shown_is_in_the_address(visit: VisitConsole, old_house: ServeProcess) -> None:
    it = visit(old_house.url)
    page = it.page
    page.goto(f"{it.url}/#/jobs?search=garage&front=mqtt&page=3")
    history(page).get_by_text("entries").wait_for()
    assert history(page).get_by_role("searchbox").input_value() == "garage"
    assert history(page).get_by_role("combobox", name="Way in").input_value() == "mqtt"
    assert "41–60" in history(page).get_by_role("navigation", name="Pages").inner_text()
    history(page).get_by_role("button", name="Page after").click()
    it.until("location.hash.includes('page=4')")
    entries(page).first.get_by_role("link").click()
    page.get_by_role("dialog", name="What was spoken").wait_for()
    page.keyboard.press("Escape")
    it.until("location.hash === '#/jobs?search=garage&front=mqtt&page=4'")
    page.go_back()
    page.go_back()
    it.until("location.hash.includes('page=3')")
    history(page).get_by_text("41–60").wait_for()


def test_a_page_that_is_no_more_gives_way_to_the_last(visit: VisitConsole, old_house: ServeProcess) -> None:
    it = visit(old_house.url)
    it.page.goto(f"{it.url}/#/jobs?page=999999")
    entry(it.page, "Message 0:").wait_for()


@pytest.fixture
def axe() -> str:
    """The accessibility checker, which runs inside the page."""
    return (asset("axe-core") / "axe.min.js").read_text()


def looked_at(it: Visit, picture: Callable[[Page, str], None], name: str) -> None:
    """A picture of it, and nothing serious that axe-core finds."""
    it.page.wait_for_timeout(300)
    picture(it.page, name)
    assert it.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    violations = it.page.evaluate("axe.run().then((result) => result.violations)")
    grave = [(one["id"], one["nodes"][0]["html"][:200]) for one in violations if one["impact"] in GRAVE]
    assert not grave, name


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_all_of_it_can_be_seen_and_read(
    visit: VisitConsole,
    faulty: ServeProcess,
    picture: Callable[[Page, str], None],
    axe: str,
    size: str,
    colours: str,
) -> None:
    width, height = SIZES[size]
    look = {"width": width, "height": height, "color_scheme": colours, "reduced_motion": "reduce"}
    long = slow(60)
    job(faulty, "crash.", model_id="fault", end="failed")
    done = post(faulty, "api/tts/batch", model_id="fault", lines=["tone. Good morning.", "tone. The bus leaves."])
    it = visit(faulty.url, init=(axe,), **look)
    it.wait_until_live()
    it.page.goto(f"{it.url}/#/jobs/batch/{done['batch_id']}")
    it.page.get_by_role("button", name="Download ZIP").wait_for()
    post(faulty, "api/tts/generate", model_id="fault", text=long)
    post(faulty, "api/tts/batch", model_id="fault", lines=[long] * 3)
    looked_at(it, picture, f"jobs-batch-{colours}-{size}")
    it.page.goto(f"{it.url}/#/jobs")
    it.page.get_by_role("region", name="In work").get_by_text("4 texts").wait_for()
    it.page.get_by_role("button", name="Play tone. Good morning.").click()
    it.page.get_by_role("slider").wait_for()
    it.page.get_by_role("checkbox", name="Select this page").check()
    looked_at(it, picture, f"jobs-list-{colours}-{size}")
    entry(it.page, "crash.").get_by_role("link").click()
    it.page.get_by_role("dialog").get_by_text("Speak it again; if that fails,").wait_for()
    looked_at(it, picture, f"jobs-details-{colours}-{size}")
    it.page.keyboard.press("Escape")
    compose(it.page, "Line one.\nLine two.")
    looked_at(it, picture, f"jobs-new-{colours}-{size}")
