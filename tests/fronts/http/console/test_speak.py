"""The page Speak, in a real browser, with the real default voice."""

from __future__ import annotations

import json
import shlex
import subprocess
import wave
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import ServeProcess
from console_browser import LISTEN, VisitConsole
from console_pace import LATEST, LONGEST, first_sound
from ingress import ingress

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow


def speak(page: Page, text: str) -> None:
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Speak", exact=True).click()


def finished(page: Page) -> None:
    page.get_by_role("article").get_by_role("status").filter(has_text="Ready").first.wait_for()


def test_it_speaks_and_is_heard(visit: VisitConsole, default_service: ServeProcess) -> None:
    it = visit(default_service.url, init=(LISTEN,))
    speak(it.page, "The kettle is boiling, and the cat would like to come in.")
    it.until("window.heard?.loudest > 0.02")
    finished(it.page)
    figures = it.page.get_by_role("article").inner_text()
    assert "First audio" in figures and "× real time" in figures
    assert it.page.evaluate("heard.rate") == 24_000, "pieces of another rate would be resampled one by one"


def test_the_first_sound_comes_with_the_first_bytes(visit: VisitConsole, default_service: ServeProcess) -> None:
    it = visit(default_service.url, init=(LISTEN,))
    goes_on = "It goes on for a while, so that there is something to stream. " * 4
    sounds = [first_sound(it, f"This is number {count}. {goes_on}") for count in range(3)]
    # Others use the same machine: what counts is what the console makes of it when it is let.
    assert min(sound.late for sound in sounds) <= LATEST, sounds
    assert min(sound.longest_task for sound in sounds) <= LONGEST, sounds
    print(f"in milliseconds after the first byte: {sounds}")


def test_there_is_no_gap_between_pieces(visit: VisitConsole, default_service: ServeProcess) -> None:
    tell = """
    {
        window.pieces = [];
        const start = AudioBufferSourceNode.prototype.start;
        AudioBufferSourceNode.prototype.start = function (when, ...rest) {
            pieces.push([when, this.buffer.length]);
            return start.call(this, when, ...rest);
        };
    }
    """
    it = visit(default_service.url, init=(tell,))
    speak(it.page, "One sentence after the other is spoken here. " * 6)
    finished(it.page)
    it.until("pieces.reduce((sum, piece) => sum + piece[1], 0) > 24000 * 6")
    pieces = it.page.evaluate("pieces")
    assert len(pieces) > 3
    for (start, length), (then, _) in pairwise(pieces):
        assert then == pytest.approx(start + length / 24_000, abs=1e-6)


def test_stop_ends_the_sound_and_the_work(visit: VisitConsole, default_service: ServeProcess) -> None:
    it = visit(default_service.url, init=(LISTEN,))
    speak(it.page, " ".join(f"Sentence {count} of a text that nobody wants to hear to its end." for count in range(90)))
    it.until("window.heard?.loudest > 0.02")
    it.page.get_by_role("button", name="Stop", exact=True).click()
    it.page.get_by_role("article").get_by_role("status").filter(has_text="Stopped").wait_for()
    it.until("heard.now < 0.001")
    it.page.wait_for_timeout(300)
    assert it.page.evaluate("heard.now") < 0.001


def test_the_keyboard_is_enough(visit: VisitConsole, default_service: ServeProcess) -> None:
    page = visit(default_service.url, init=(LISTEN,)).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.get_by_label("Text", exact=True).focus()
    page.keyboard.type("Said without a mouse.")
    page.keyboard.press("Control+Enter")
    finished(page)
    page.get_by_role("slider", name="Position in Automatic").focus()
    before = page.evaluate("Number(document.activeElement.value)")
    for _ in range(3):
        page.keyboard.press("End")
    assert page.evaluate("Number(document.activeElement.value)") > before
    assert " of 0:0" in page.evaluate("document.activeElement.getAttribute('aria-valuetext')")


def test_what_is_set_is_sent_and_nothing_else(visit: VisitConsole, default_service: ServeProcess) -> None:
    page = visit(default_service.url).page
    page.get_by_role("spinbutton", name="Speed").fill("1.5")
    page.get_by_role("spinbutton", name="Speed").press("Tab")
    page.get_by_text("More settings").click()
    page.get_by_label("Seed", exact=True).fill("7")
    with page.expect_request("**/v1/audio/speech") as asked:
        speak(page, "Faster.")
    assert json.loads(asked.value.post_data or "") == {
        "model": "", "input": "Faster.", "speed": 1.5, "seed": 7, "response_format": "pcm",
    }  # fmt: skip
    finished(page)
    page.get_by_role("button", name="Speed: as it was").click()
    with page.expect_request("**/v1/audio/speech") as asked:
        page.get_by_label("Text", exact=True).fill("As usual.")
        page.keyboard.press("Control+Enter")
    assert "speed" not in json.loads(asked.value.post_data or "")


@pytest.mark.parametrize(("name", "head"), [("WAV", b"RIFF"), ("MP3", b"\xff"), ("OPUS", b"OggS"), ("FLAC", b"fLaC")])
def test_it_can_be_downloaded(
    visit: VisitConsole, default_service: ServeProcess, tmp_path: Path, name: str, head: bytes
) -> None:
    page = visit(default_service.url).page
    speak(page, "Dinner is ready!")
    finished(page)
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=name).click()
    path = tmp_path / "file"
    download.value.save_as(path)
    assert download.value.suggested_filename == f"dinner-is-ready.{name.lower()}"
    assert path.read_bytes().startswith(head)
    if name == "WAV":
        with wave.open(str(path)) as sound:
            assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (24_000, 1, 2)
            assert 0.5 < sound.getnframes() / 24_000 < 5


def test_the_command_does_the_same(visit: VisitConsole, default_service: ServeProcess, tmp_path: Path) -> None:
    page = visit(default_service.url).page
    speak(page, "It's five o'clock; \"tea\" is $ready.")
    finished(page)
    page.get_by_role("button", name="Command line").click()
    command = page.get_by_label("The same as a command").inner_text()
    words = shlex.split(command.replace("\\\n", " "))
    assert words[0] == "curl"
    subprocess.run([*words, "--silent", "--fail"], cwd=tmp_path, check=True, timeout=20)
    assert (tmp_path / "speech.mp3").stat().st_size > 2000


def test_two_voices_are_compared(visit: VisitConsole, default_service: ServeProcess) -> None:
    page = visit(default_service.url, init=(LISTEN,)).page
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("button", name="Second voice: Automatic").click()
    page.get_by_role("dialog").get_by_role("button", name="heart American").click()
    speak(page, "Two of us.")
    takes = page.get_by_role("article")
    takes.nth(1).get_by_role("status").filter(has_text="Ready").wait_for()
    assert takes.count() == 2
    takes.nth(0).get_by_role("button", name="Pause A: Automatic").wait_for()
    takes.nth(1).get_by_role("button", name="Pause B: heart").wait_for()
    takes.nth(0).get_by_role("button", name="Play A: Automatic").click()
    takes.nth(1).get_by_role("button", name="Play B: heart").wait_for()


def test_what_is_refused_is_told_in_words(visit: VisitConsole, serve: Callable[..., ServeProcess]) -> None:
    service = serve(OPENSPEAKERS__TEXT__MAX_CHARACTERS="20")
    page = visit(service.url).page
    speak(page, "This is a good deal longer than twenty characters.")
    alert = page.get_by_role("article").get_by_role("alert")
    alert.wait_for()
    assert "20" in alert.inner_text() and "characters" in alert.inner_text()


def test_it_speaks_behind_ingress(visit: VisitConsole, default_service: ServeProcess) -> None:
    with ingress(default_service.url) as url:
        it = visit(url, init=(LISTEN,))
        it.wait_until_live()
        speak(it.page, "Behind a prefix.")
        it.until("window.heard?.loudest > 0.02")
        finished(it.page)
        assert all(url in address.replace("ws:", "http:") for address in it.requests if not address.startswith("blob:"))
        it.page.goto("about:blank")


def test_a_link_brings_voice_and_text(visit: VisitConsole, default_service: ServeProcess) -> None:
    it = visit(default_service.url)
    it.page.goto(f"{it.url}/#/speak?voice=hibari%2Fheart&text=Said+by+a+link.")
    it.page.get_by_role("button", name="Voice: heart").wait_for()
    assert it.page.get_by_label("Text", exact=True).input_value() == "Said by a link."
