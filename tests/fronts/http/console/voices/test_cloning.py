"""Clones of voices, in a real browser with a microphone that hears a file."""

from __future__ import annotations

import re

import pytest
from conftest import ServeProcess
from console_browser import LISTEN, VisitConsole
from console_voices import add_files, clone, made, voice_called
from ingress import ingress

pytestmark = pytest.mark.slow

REFUSE = """
navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", "NotAllowedError"); };
"""


def test_a_voice_is_cloned_from_files_and_speaks(
    visit: VisitConsole, service: ServeProcess, recordings: dict[str, str]
) -> None:
    it = visit(service.url, init=(LISTEN,))
    page = it.page
    it.go("voices")
    page.get_by_role("button", name="Clone a voice").click()
    make = page.get_by_role("button", name="Make the voice")
    make.click()
    for missing in ("at least one recording", "needs a name", "must be ticked"):
        page.get_by_text(missing).wait_for()
    assert page.evaluate("document.activeElement.type") == "file", "where one begins to mend it"
    add_files(page, recordings["anna.wav"], recordings["short.wav"])
    page.get_by_text("s of clear speech").wait_for()
    page.get_by_text("at least 1.5 s are needed").wait_for()
    page.get_by_label("Name", exact=True).fill("Anna")
    page.get_by_label("Tags", exact=True).press_sequentially("home,family")
    page.keyboard.press("Enter")
    page.get_by_role("checkbox").check()
    make.click()
    page.get_by_text("Remove the recordings that are of no use").wait_for()
    page.get_by_role("button", name="Remove short.wav").click()
    add_files(page, recordings["again.wav"])
    make.click()
    page.get_by_role("alert").get_by_text("The model reads along").wait_for()
    for field in page.get_by_label("What is said in it").all():
        field.fill("Good day to all of you.")
    assert voice_called(page, "Anna") is None
    make.click()
    page.get_by_role("heading", level=1, name="Anna").wait_for()
    page.get_by_text("not overdriven").first.wait_for()

    kept = voice_called(page, "Anna")
    assert (kept["kind"], kept["consent"], kept["tags"]) == ("cloned", True, ["home", "family"])
    assert [(one["name"], one["reference_text"]) for one in kept["samples"]] == [
        ("anna.wav", "Good day to all of you."), ("again.wav", "Good day to all of you."),
    ]  # fmt: skip
    page.get_by_role("button", name="Say it").click()
    page.get_by_text("First audio after").wait_for(timeout=60_000)
    it.until("window.heard?.loudest > 0.001")


def test_a_slow_upload_is_watched_and_given_up(
    visit: VisitConsole, service: ServeProcess, recordings: dict[str, str]
) -> None:
    it = visit(service.url)
    page = it.page
    page.goto(f"{it.url}/#/voices/clone")
    add_files(page, recordings["anna.wav"])
    page.get_by_label("What is said in it").fill("Good day.")
    page.get_by_label("Name", exact=True).fill("Slow")
    page.get_by_role("checkbox").check()
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 150_000}
    network.send("Network.emulateNetworkConditions", slow)
    page.get_by_role("button", name="Make the voice").click()
    now = "Number(document.querySelector('[role=progressbar]')?.ariaValueNow ?? 0)"
    first = it.until(now)
    it.until(f"{now} > {first}")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Make the voice").wait_for()
    assert page.get_by_role("alert").filter(has_text=re.compile(".")).count() == 0, "who gives up knows it"
    network.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    assert voice_called(page, "Slow") is None
    page.get_by_role("button", name="Make the voice").click()
    page.get_by_role("heading", level=1, name="Slow").wait_for()


def test_a_voice_is_cloned_behind_ingress(
    visit: VisitConsole, service: ServeProcess, recordings: dict[str, str]
) -> None:
    with ingress(service.url) as url:
        it = visit(url)
        page = it.page
        page.goto(f"{it.url}/#/voices/clone")
        add_files(page, recordings["anna.wav"])
        page.get_by_label("What is said in it").fill("Good day.")
        page.get_by_label("Name", exact=True).fill("Behind")
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name="Make the voice").click()
        page.get_by_role("heading", level=1, name="Behind").wait_for()
        page.get_by_role("button", name="Play anna.wav").click()
        page.get_by_role("slider", name="Position in anna.wav").wait_for()


def test_a_voice_is_cloned_with_the_microphone(visit: VisitConsole, service: ServeProcess) -> None:
    it = visit(service.url, locale="de-AT")
    page = it.page
    page.goto(f"{it.url}/#/voices/clone")
    page.get_by_role("tab", name="Record").click()
    passage = page.get_by_label("What to read")
    assert "Küchenfenster" in passage.inner_text()
    page.get_by_role("combobox", name="Language to read").select_option("en")
    read = passage.inner_text()
    assert "kitchen window" in read

    page.get_by_role("button", name="Record", exact=True).click()
    it.until("Number(document.querySelector('[role=meter]').ariaValueNow) > 50")
    page.get_by_text("at least 1.5 s are needed").or_(page.get_by_text("s of speech it works")).first.wait_for()
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_role("status").filter(has_text="clear speech").wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Remove Recording 1").wait_for()
    assert page.get_by_label("What is said in it").count() == 1, "what was started over is not kept"
    assert page.get_by_label("What is said in it").input_value() == read

    page.get_by_label("Name", exact=True).fill("Spoken")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Make the voice").click()
    page.get_by_role("heading", level=1, name="Spoken").wait_for()
    (sample,) = voice_called(page, "Spoken")["samples"]
    assert sample["reference_text"] == read and sample["reference_language"] == "en"
    assert 5 <= sample["seconds"] <= 30


def test_why_there_is_no_microphone_is_said(visit: VisitConsole, service: ServeProcess) -> None:
    refused = visit(service.url, init=(REFUSE,)).page
    refused.goto(f"{service.url}/#/voices/clone")
    refused.get_by_role("tab", name="Record").click()
    refused.get_by_role("button", name="Record", exact=True).click()
    refused.get_by_role("alert").filter(has_text="may not use the microphone").wait_for()
    refused.get_by_role("button", name="Record", exact=True).wait_for()
    plain = visit(service.url, init=("Object.defineProperty(window, 'isSecureContext', {value: false});",)).page
    plain.goto(f"{service.url}/#/voices/clone")
    plain.get_by_role("tab", name="Record").click()
    plain.get_by_text("only to pages that came over HTTPS").wait_for()


def test_what_the_service_refuses_is_said_in_words(
    visit: VisitConsole, service: ServeProcess, recordings: dict[str, str]
) -> None:
    it = visit(service.url)
    page = it.page
    page.goto(f"{it.url}/#/voices/clone")
    add_files(page, recordings["words.wav"])
    page.get_by_text("cannot look into it").wait_for()
    page.get_by_label("What is said in it").fill("Words.")
    page.get_by_label("Name", exact=True).fill("heart")
    page.get_by_role("checkbox").check()
    make = page.get_by_role("button", name="Make the voice")
    make.click()
    page.get_by_role("alert").filter(has_text="is taken").wait_for()
    page.get_by_label("Name", exact=True).fill("Nobody")
    make.click()
    page.get_by_role("alert").filter(has_text="is taken").wait_for(state="hidden")
    answer = page.get_by_role("alert").filter(has_text=re.compile("recording|audio", re.IGNORECASE))
    answer.wait_for()
    assert voice_called(page, "Nobody") is None
    page.get_by_role("button", name="Remove words.wav").click()
    add_files(page, recordings["loud.wav"])
    page.get_by_text("It is overdriven").wait_for()


def test_recordings_are_heard_added_and_removed(
    visit: VisitConsole, service: ServeProcess, recordings: dict[str, str]
) -> None:
    it = visit(service.url, init=(LISTEN,))
    page = it.page
    voice = clone(page, "Berta", recordings["anna.wav"])
    page.goto(f"{it.url}/#/voices/of/{voice['id']}")
    region = page.get_by_role("region", name="Recordings")
    region.get_by_role("button", name="Play anna.wav").click()
    it.until("window.heard?.loudest > 0.02")
    assert not region.get_by_role("button", name="Remove anna.wav").is_visible(), "a clone keeps at least one"

    region.get_by_role("button", name="Add", exact=True).click()
    dialog = page.get_by_role("dialog", name="Add a recording of Berta")
    add_files(page, recordings["again.wav"])
    dialog.get_by_text("s of clear speech").wait_for()
    dialog.get_by_role("button", name="Add", exact=True).click()
    dialog.get_by_role("alert").filter(has_text="reads along").wait_for()
    dialog.get_by_label("What is said in it").fill("Once more.")
    dialog.get_by_role("button", name="Add", exact=True).click()
    dialog.wait_for(state="hidden")
    region.get_by_text("again.wav").wait_for()

    region.get_by_label("What is said in it").nth(1).fill("Once more, and better.")
    region.get_by_role("button", name="Save the words").click()
    page.get_by_text("The words are saved").wait_for()
    region.get_by_role("button", name="Remove anna.wav").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    region.get_by_text("anna.wav").wait_for(state="hidden")
    kept = [(one["name"], one["reference_text"]) for one in voice_called(page, "Berta")["samples"]]
    assert kept == [("again.wav", "Once more, and better.")]


def test_consent_that_is_missing_can_be_given(
    visit: VisitConsole, service: ServeProcess, recordings: dict[str, str]
) -> None:
    it = visit(service.url)
    words = {"name": "Clara", "model_id": "csm", "reference_text": "Good day."}
    made(it.page, words, recordings["anna.wav"])
    it.go("voices")
    it.page.get_by_role("listitem").filter(has_text="Clara").get_by_text("Consent missing").wait_for()
    it.page.get_by_role("link", name="Clara").click()
    it.page.get_by_role("button", name="They agree").click()
    it.page.get_by_role("button", name="They agree").wait_for(state="hidden")
    assert voice_called(it.page, "Clara")["consent"] is True
