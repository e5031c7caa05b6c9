"""The page Voices, in a real browser with a microphone that hears a file, on a real service with a small CSM."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from assets import asset
from conftest import ServeProcess
from console_browser import LISTEN, VisitConsole, chromium
from ingress import ingress
from processes import SHARED
from recordings import speech, wav

from wyoming_openspeakers.events import EventBus
from wyoming_openspeakers.models.profiles.profile import Profile
from wyoming_openspeakers.models.profiles.store import ProfileStore

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

SIZES = {"phone": (360, 780), "desktop": (1280, 860)}
LANGUAGES = ("de", "en", "fr", "ja")
LONGEST_TASK = 100

CSM = {"csm": {"engine": "codec_lm", "name": "Small CSM", "ram": "100MB", "parameters": {"max_frames": 30}}}

REFUSE = """
navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", "NotAllowedError"); };
"""


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Files to upload, by name."""
    folder = tmp_path_factory.mktemp("recordings")
    files = {
        "anna.wav": wav(speech(9)),
        "again.wav": wav(speech(8)),
        "short.wav": wav(speech(1)),
        "loud.wav": wav(speech(8) * 8),
        "words.wav": b"This is no recording at all.",
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return {name: str(folder / name) for name in files}


@pytest.fixture(scope="module")
def browser(recordings: dict[str, str]) -> Iterator[Browser]:
    """Chromium with a microphone that hears a file over and over."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = chromium()
    if program is None:
        pytest.skip("Chromium is not installed: apt install chromium, or name another in OPENSPEAKERS_CHROMIUM")
    microphone = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    heard = f"--use-file-for-fake-audio-capture={recordings['anna.wav']}"
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", *microphone, heard]
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


def serving(data: Path, models: dict[str, Any] | None = None, presets: dict[str, Any] | None = None) -> ServeProcess:
    arguments = []
    for name, tree in (("models", {"models": models}), ("config", {"voice": {"presets": presets}})):
        if next(iter(tree.values())):
            (data.parent / f"{name}.yaml").write_text(yaml.safe_dump(tree))
            arguments += [f"--{name}", str(data.parent / f"{name}.yaml")]
    process = ServeProcess(data, arguments)
    SHARED.add(process.process.pid)
    return process


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeProcess]:
    """A service with the default voice and a model that clones, though what it says is noise."""
    pytest.importorskip("torch", reason="torch is not installed: pip install torch")
    pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")
    import tiny_models

    data = tmp_path_factory.mktemp("voices") / "data"
    tiny_models.csm(data / "models" / "csm")
    process = serving(data, CSM, {"bedtime": {"voice": "hibari/heart", "speed": 0.85}})
    yield process
    process.stop()


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeProcess]:
    """A service with the default voice and five hundred presets of it."""
    data = tmp_path_factory.mktemp("crowded") / "data"

    async def fill() -> None:
        store = ProfileStore(data / "voices", {}, EventBus())
        for number in range(500):
            tags = ("even" if number % 2 == 0 else "odd", f"room {number % 7}")
            about = f"The voice for the floor {number % 9}"
            await store.create(
                Profile(
                    "", f"Voice {number:03}", "preset", "hibari", voice="hibari/heart", description=about, tags=tags,
                    language=LANGUAGES[number % 4],
                )
            )  # fmt: skip

    # Playwright has an event loop of its own in this thread.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, fill()).result()
    process = serving(data)
    yield process
    process.stop()


def told(page: Page, path: str) -> Any:
    """What the service says itself."""
    answer = page.request.get(f"{page.url.partition('#')[0]}{path}")
    return answer.json() if answer.ok else answer.status


def voice_called(page: Page, name: str) -> Any:
    found = [voice for voice in told(page, "api/voices")["voices"] if voice["name"] == name]
    return found[0] if found else None


def made(page: Page, fields: dict[str, Any], recording: str | None = None) -> Any:
    """A voice that somebody else has made meanwhile."""
    url = f"{page.url.partition('#')[0]}api/voices"
    if recording is None:
        answer = page.request.post(url, data=fields)
    else:
        answer = page.request.post(url, multipart={**fields, "reference_audio": sent(recording)})
    assert answer.status == 201, answer.text()
    return answer.json()


def sent(recording: str) -> Any:
    """A file as it goes into a form."""
    path = Path(recording)
    return {"name": path.name, "mimeType": "audio/wav", "buffer": path.read_bytes()}


def preset(page: Page, name: str, **fields: Any) -> Any:
    return made(page, {"name": name, "kind": "preset", "voice": "hibari/heart", **fields})


def clone(page: Page, name: str, recording: str, **fields: str) -> Any:
    words = {"model_id": "csm", "consent": "true", "reference_text": "Good day."}
    return made(page, {"name": name, **words, **fields}, recording)


def add_files(page: Page, *paths: str) -> None:
    page.get_by_role("main").locator("input[type=file]").set_input_files(list(paths))


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


def test_a_preset_is_made_renamed_tagged_and_deleted(visit: VisitConsole, service: ServeProcess) -> None:
    it = visit(service.url)
    page = it.page
    it.go("voices")
    page.get_by_role("tab", name="Built in").click()
    page.get_by_role("button", name="Make a preset of heart").click()
    page.get_by_role("button", name="Voice: heart").wait_for()
    page.get_by_role("button", name="Make the preset").click()
    page.get_by_text("The preset needs a name").wait_for()
    page.get_by_label("Name", exact=True).fill("Story")
    page.get_by_role("spinbutton", name="Speed").fill("0.8")
    page.get_by_role("button", name="Make the preset").click()
    page.get_by_role("heading", level=1, name="Story").wait_for()
    assert voice_called(page, "Story")["style"]["speed"] == 0.8

    page.get_by_label("Name", exact=True).fill("Anyone")
    page.get_by_label("Tags", exact=True).fill("night,")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("heading", level=1, name="Anyone").wait_for()
    kept = voice_called(page, "Anyone")
    assert kept["tags"] == ["night"] and voice_called(page, "Story") is None
    page.get_by_label("Name", exact=True).fill("heart")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("alert").filter(has_text="is taken").wait_for()
    page.get_by_role("button", name="As it was").click()

    page.get_by_role("link", name="All voices").click()
    page.get_by_role("button", name="Show all with the tag night").click()
    page.get_by_role("status").filter(has_text="1 voice found").wait_for()
    page.get_by_role("link", name="Anyone").click()
    page.get_by_role("button", name="Delete").click()
    question = page.get_by_role("dialog", name="Delete Anyone?")
    question.get_by_role("button", name="Cancel").click()
    assert voice_called(page, "Anyone")
    page.get_by_role("button", name="Delete").click()
    question.get_by_role("button", name="Delete").click()
    page.get_by_role("heading", level=1, name="Voices").wait_for()
    page.get_by_role("link", name="Anyone").wait_for(state="hidden")
    assert told(page, f"api/voices/{kept['id']}") == 404


def test_presets_of_the_configuration_can_only_be_looked_at(visit: VisitConsole, service: ServeProcess) -> None:
    it = visit(service.url, init=(LISTEN,))
    it.go("voices")
    card = it.page.get_by_role("listitem").filter(has_text="bedtime")
    card.get_by_text("From the configuration").wait_for()
    card.get_by_role("button", name="Listen to bedtime").click()
    it.until("window.heard?.loudest > 0.02")
    card.get_by_role("link").click()
    it.page.get_by_role("region", name="What it is").get_by_text("0.85×").wait_for()
    assert it.page.get_by_role("button", name="Delete").count() == it.page.get_by_label("Name", exact=True).count() == 0


def test_what_others_make_and_delete_is_seen(visit: VisitConsole, service: ServeProcess) -> None:
    it = visit(service.url)
    it.go("voices")
    it.wait_until_live()
    voice = preset(it.page, "Visitor")
    it.page.get_by_role("link", name="Visitor").click()
    it.page.get_by_role("heading", level=1, name="Visitor").wait_for()
    it.page.request.delete(f"{it.url}/api/voices/{voice['id']}")
    it.page.get_by_text("This voice is not here").wait_for()


def test_where_nothing_is_it_says_what_to_do(visit: VisitConsole, default_service: ServeProcess) -> None:
    it = visit(default_service.url)
    page = it.page
    it.go("voices")
    page.get_by_text("No voices of your own yet").wait_for()
    able = [one["name"] for one in told(page, "api/models") if one["supports_voice_cloning"]]
    text = page.get_by_role("main").inner_text()
    assert all(name in text for name in able) if able else "None of the models here can" in text
    page.goto(f"{it.url}/#/voices/of/nobody")
    page.get_by_text("This voice is not here").wait_for()


def test_among_five_hundred_voices_the_search_stays_quick(visit: VisitConsole, crowded: ServeProcess) -> None:
    it = visit(crowded.url)
    page = it.page
    it.go("voices")
    page.get_by_role("tab", name="Yours (500)").wait_for()
    page.get_by_role("button", name="Show 30 more of 470").click()
    assert page.get_by_role("main").get_by_role("link", name="Voice").count() == 60
    page.wait_for_timeout(500)
    search = page.get_by_role("searchbox")
    counts = page.get_by_role("status").filter(has_text="found")
    longest = []
    for _ in range(3):
        page.evaluate("seen.longTasks.length = 0")
        search.press_sequentially("voice floor 123", delay=40)
        counts.filter(has_text=re.compile("^1 voice found")).wait_for()
        for _ in range(15):
            page.keyboard.press("Backspace")
        counts.filter(has_text="500 voices found").wait_for()
        longest.append(max(page.evaluate("seen.longTasks.map((task) => task.duration)"), default=0))
    # Others use the same machine: what counts is what the console makes of it when it is let.
    assert min(longest) <= LONGEST_TASK, longest
    print(f"longest tasks in milliseconds while searching among 500 voices: {longest}")
    page.get_by_role("combobox", name="Tag").select_option("odd")
    counts.filter(has_text="250 voices found").wait_for()
    page.get_by_role("combobox", name="Language").select_option("ja")
    counts.filter(has_text="125 voices found").wait_for()

    search.fill("399")
    it.until("location.hash.includes('search=399')")
    page.get_by_role("link", name="Voice 399").click()
    page.get_by_role("heading", level=1, name="Voice 399").wait_for()
    page.go_back()
    counts.filter(has_text=re.compile("^1 voice found")).wait_for()
    assert search.input_value() == "399" and page.get_by_role("combobox", name="Tag").input_value() == "odd"
    search.fill("nothing of the kind")
    page.get_by_role("button", name="Show all").click()
    counts.filter(has_text="500 voices found").wait_for()


def looked_at(page: Page, picture: Callable[[Page, str], None], name: str) -> None:
    """A picture of it, and nothing serious that axe-core finds."""
    page.wait_for_timeout(300)
    picture(page, f"voices-{name}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    found: list[dict[str, Any]] = page.evaluate("axe.run().then((result) => result.violations)")
    grave = [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")]
    assert not grave, name


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_all_of_it_can_be_seen_and_read(
    visit: VisitConsole,
    service: ServeProcess,
    default_service: ServeProcess,
    recordings: dict[str, str],
    picture: Callable[[Page, str], None],
    size: str,
    colours: str,
) -> None:
    axe = (asset("axe-core") / "axe.min.js").read_text()
    width, height = SIZES[size]
    look: dict[str, Any] = {"width": width, "height": height, "color_scheme": colours, "reduced_motion": "reduce"}
    ending = f"{colours}-{size}"
    empty = visit(default_service.url, init=(axe,), **look)
    empty.go("voices")
    empty.page.get_by_text("No voices of your own yet").wait_for()
    looked_at(empty.page, picture, f"empty-{ending}")

    it = visit(service.url, init=(axe,), **look)
    page = it.page
    about = {"tags": "home,night", "description": "Reads to the children"}
    voice = clone(page, f"Dora {ending}", recordings["anna.wav"], **about)
    it.go("voices")
    page.get_by_role("link", name=f"Dora {ending}").wait_for()
    looked_at(page, picture, f"own-{ending}")
    page.get_by_role("tab", name="Built in").click()
    looked_at(page, picture, f"builtin-{ending}")
    page.goto(f"{it.url}/#/voices/of/{voice['id']}")
    page.get_by_role("button", name="Play anna.wav").click()
    page.get_by_role("slider", name="Position in anna.wav").wait_for()
    looked_at(page, picture, f"one-{ending}")
    page.get_by_role("button", name="Add", exact=True).click()
    looked_at(page, picture, f"add-{ending}")
    page.keyboard.press("Escape")
    page.goto(f"{it.url}/#/voices/preset")
    page.get_by_role("button", name="Make the preset").click()
    looked_at(page, picture, f"preset-{ending}")
    page.goto(f"{it.url}/#/voices/clone")
    page.get_by_role("button", name="Make the voice").click()
    looked_at(page, picture, f"missing-{ending}")
    add_files(page, recordings["anna.wav"], recordings["short.wav"])
    page.get_by_text("at least 1.5 s are needed").wait_for()
    page.get_by_role("tab", name="Record").click()
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_text("s of speech it works").wait_for()
    looked_at(page, picture, f"clone-{ending}")
