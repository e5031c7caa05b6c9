"""Components that every page may use, drawn by themselves in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conftest import ServeProcess
from console_browser import LISTEN, Visit, VisitConsole

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

DRAW = """
async (code) => {
    const own = document.querySelector("script[type=module]").src;
    const load = (name) => import(new URL(name, own).href);
    const place = Object.assign(document.createElement("section"), {ariaLabel: "Tried"});
    document.querySelector("main").append(place);
    window.told = [];
    const ui = await load("./ui.js");
    const {%s} = await load("./components/%s.js");
    const {html, useState} = ui;
    ui.render(html`<${() => %s} />`, place);
}
"""
"""Draws what a function of these names gives; what it tells goes into `told`."""


@pytest.fixture
def it(visit: VisitConsole, default_service: ServeProcess) -> Visit:
    return visit(default_service.url, init=(LISTEN,))


def draw(page: Page, file: str, names: str, code: str) -> None:
    page.get_by_role("heading", level=1).wait_for()
    page.evaluate((DRAW % (names, file, code)).strip())


def test_tabs_by_mouse_and_arrow_keys(it: Visit) -> None:
    code = """{
        const [chosen, choose] = useState("a");
        const tabs = ["a", "b", "c"].map((id) => ({id, label: `Tab ${id}`}));
        return html`<${Tabs} label="Kinds" tabs=${tabs} chosen=${chosen} onChoose=${choose}>Panel ${chosen}<//>`;
    }"""
    draw(it.page, "tabs", "Tabs", code)
    it.page.get_by_role("tab", name="Tab b").click()
    it.page.get_by_role("tabpanel", name="Tab b").get_by_text("Panel b").wait_for()
    it.page.keyboard.press("ArrowRight")
    it.page.get_by_role("tabpanel", name="Tab c").wait_for()
    it.page.keyboard.press("ArrowRight")
    it.page.get_by_role("tabpanel", name="Tab a").wait_for()
    assert it.page.evaluate("document.activeElement.textContent.trim()") == "Tab a"


def test_pages_of_a_list(it: Visit) -> None:
    code = """{
        const [page, setPage] = useState(1);
        return html`<${Paging} page=${page} pageSize=${20} total=${45} onPage=${setPage} />`;
    }"""
    draw(it.page, "list", "Paging", code)
    pages = it.page.get_by_role("navigation", name="Pages").last
    assert "1–20 of 45" in pages.inner_text() and pages.get_by_role("button", name="Page before").is_disabled()
    pages.get_by_role("button", name="Page after").click()
    pages.get_by_role("button", name="Page after").click()
    assert "41–45 of 45" in pages.inner_text() and pages.get_by_role("button", name="Page after").is_disabled()


def test_a_file_is_chosen(it: Visit) -> None:
    code = """html`<${FileDrop} label="A recording" accept="audio/*"
        onFiles=${([file]) => told.push(file.name)}>WAV<//>`"""
    draw(it.page, "file-drop", "FileDrop", code)
    with it.page.expect_file_chooser() as chooser:
        it.page.get_by_text("A recording").click()
    chooser.value.set_files({"name": "grandma.wav", "mimeType": "audio/wav", "buffer": b"RIFF"})
    it.until("told.length")
    assert it.page.evaluate("told") == ["grandma.wav"] and not chooser.value.is_multiple()


def test_a_file_is_dropped(it: Visit) -> None:
    code = "html`<${FileDrop} label='Lines' onFiles=${([file]) => told.push(file.name)} />`"
    draw(it.page, "file-drop", "FileDrop", code)
    drop = """() => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(["a"], "lines.txt"));
        const place = document.querySelector("label.drop");
        place.dispatchEvent(new DragEvent("dragover", {dataTransfer, bubbles: true, cancelable: true}));
        place.dispatchEvent(new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true}));
    }"""
    it.page.evaluate(drop)
    assert it.page.evaluate("told") == ["lines.txt"]


@pytest.mark.parametrize(("press", "answer"), [("Delete", True), ("Cancel", False), ("Escape", False)])
def test_a_question_is_answered(it: Visit, press: str, answer: bool) -> None:
    code = """html`<button onClick=${async () => told.push(await confirm({title: "Delete Grandma?", text: "For good.",
        action: "Delete", isDanger: true}))}>Ask</button>`"""
    draw(it.page, "dialog", "confirm", code)
    it.page.get_by_role("button", name="Ask").click()
    dialog = it.page.get_by_role("dialog", name="Delete Grandma?")
    if press == "Escape":
        dialog.wait_for()
        it.page.keyboard.press(press)
    else:
        dialog.get_by_role("button", name=press).click()
    dialog.wait_for(state="hidden")
    assert it.page.evaluate("told") == [answer]
    assert it.page.evaluate("document.activeElement.textContent") == "Ask", "focus is where it was"


def test_a_kept_recording_is_fetched_when_it_is_played(it: Visit) -> None:
    asked = """async () => {
        const body = JSON.stringify({model_id: "hibari", text: "Kept for later."});
        const headers = {"Content-Type": "application/json"};
        const {job_id} = await (await fetch("api/tts/generate", {method: "POST", headers, body})).json();
        while ((await (await fetch(`api/tts/jobs/${job_id}`)).json()).status !== "complete") {
            await new Promise((resume) => setTimeout(resume, 50));
        }
        return job_id;
    }"""
    job = it.page.evaluate(asked)
    path = f"api/tts/jobs/{job}/audio"
    draw(it.page, "audio-player", "AudioFile", f'html`<${{AudioFile}} path="{path}" label="the job" />`')
    assert not [url for url in it.requests if url.endswith(path)]
    it.page.get_by_role("button", name="Play the job").click()
    it.until("window.heard?.loudest > 0.02")
    it.page.get_by_role("button", name="Pause the job").click()
    it.page.get_by_role("slider", name="Position in the job").wait_for()


def test_an_error_is_told_and_can_be_dismissed(it: Visit) -> None:
    code = """html`<button onClick=${() => toastError(new Error("Start with `--uri`"))}>Fail</button>`"""
    draw(it.page, "toasts", "toastError", code)
    it.page.get_by_role("button", name="Fail").click()
    alert = it.page.get_by_role("alert").filter(has_text="Problem: Start with --uri")
    assert alert.get_by_role("code").inner_text() == "--uri"
    alert.get_by_role("button", name="Dismiss").click()
    alert.wait_for(state="hidden")
