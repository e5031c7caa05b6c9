"""What was spoken: heard again, spoken again, had as a file, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import ServeProcess
from console_browser import LISTEN, VisitConsole
from console_jobs import entries, entry, get, history, job, post

pytestmark = pytest.mark.slow


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


def test_nothing_yet_says_what_to_do(visit: VisitConsole, serve: Callable[..., ServeProcess]) -> None:
    it = visit(serve().url)
    it.go("jobs")
    empty = history(it.page).get_by_text("Nothing has been spoken yet")
    empty.wait_for()
    history(it.page).get_by_role("link", name="Speak").click()
    it.page.get_by_role("heading", level=1, name="Speak").wait_for()


LENGTH = """
(id) => new Promise((resolve, reject) => {
    const audio = new Audio(`api/history/${id}/audio`);
    audio.onloadedmetadata = () => resolve(audio.duration === Infinity ? null : audio.duration);
    audio.onerror = () => reject(audio.error.message);
})
"""
"""Seconds, as the browser's own player knows them before it has all of a file; null when it does not."""


def test_the_browser_knows_how_long_a_file_is(visit: VisitConsole, service: ServeProcess) -> None:
    it = visit(service.url)
    it.go("jobs")
    text = "It is long enough for a length that would be guessed to be wrong. " * 3
    # Bare AAC has no place for a length: players go by its bit rate.
    for audio_format, off in (("flac", 0.05), ("wav", 0.05), ("mp3", 0.05), ("opus", 0.05), ("aac", 0.3)):
        id = job(service, f"{text} {audio_format}.", output_format=audio_format)
        seconds = get(service, f"api/history/{id}")["duration_seconds"]
        assert it.page.evaluate(LENGTH, id) == pytest.approx(seconds, abs=off), audio_format
