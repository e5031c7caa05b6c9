"""Batches: sent from the page Jobs, and had as an archive."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
import soundfile
from conftest import ServeProcess
from console_browser import VisitConsole
from console_jobs import compose, entries, entry, history

pytestmark = pytest.mark.slow


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
