"""The page Models, in a real browser: models of a real service, and files from a hub on this machine."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from assets import PIPER_VOICE, asset
from conftest import ServeProcess
from console_browser import LISTEN, Visit, VisitConsole
from fault_models import models_file
from hub_server import HubServer, Repo, hub_server

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Route, WebSocketRoute

pytestmark = pytest.mark.slow

COMMIT = "1" * 40
FILES = [f"{PIPER_VOICE}.onnx", f"{PIPER_VOICE}.onnx.json"]
PIPER_COMMIT = "e21c7de8d4eab79b902f0d61e662b3f21664b8d2"
ACCOUNT = "hf_of_somebody"
GRAVE = {"serious", "critical"}
SIZES = {"phone": (360, 780), "desktop": (1280, 860)}

WATCH_PROGRESS = """
window.progress = [];
new MutationObserver(() => {
    const bar = document.querySelector("[role=progressbar]");
    const words = bar?.closest(".arriving")?.innerText;
    if (bar?.ariaValueNow && progress.at(-1)?.at !== bar.ariaValueNow) progress.push({at: bar.ariaValueNow, words});
}).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
"""
"""Keeps what was to be seen of a download."""


@pytest.fixture
def hub() -> Iterator[HubServer]:
    """A hub with one real voice: for everybody, for those with an account, and among Piper's many."""
    pytest.importorskip("piper", reason="the extra [piper] is not installed")
    files = {name: (asset("piper") / name).read_bytes() for name in FILES}
    with hub_server() as running:
        running.repos["owner/voice"] = Repo(COMMIT, files)
        running.repos["owner/gated"] = Repo(COMMIT, files, token=ACCOUNT, gated=True)
        each = {f"en/en_US/joe/medium/{name}": content for name, content in files.items()}
        running.repos["rhasspy/piper-voices"] = Repo(PIPER_COMMIT, each)
        yield running


@pytest.fixture
def serve_from(serve: Callable[..., ServeProcess], hub: HubServer, tmp_path: Path) -> Callable[..., ServeProcess]:
    """Start a service whose hub is the one of this machine: `serve_from({"remote": {...}}, OPENSPEAKERS__X="1")`."""

    def begin(models: dict[str, Any] | None = None, **environment: str) -> ServeProcess:
        file = tmp_path / "models.yaml"
        tree = models_file()
        tree["models"] |= {"hibari": {}, "fault": fault("Fault")} | (models or {})
        file.write_text(yaml.safe_dump(tree))
        home = str(tmp_path / "home")
        return serve("--models", str(file), HF_ENDPOINT=hub.url, HF_HOME=home, HF_TOKEN="", **environment)

    return begin


def remote(repo: str, **entry: Any) -> dict[str, Any]:
    """A model whose files are on the hub."""
    return {"engine": "piper", "hub": {"repo": repo, "revision": COMMIT, "files": FILES}, **entry}


def fault(name: str, **parameters: Any) -> dict[str, Any]:
    return {"engine": "faults.engine", "name": name, "voice": "plain", "parameters": parameters}


REMOTE = {"remote": remote("owner/voice", name="Remote", licence="MIT", size="63.2MB")}

GATED = {
    "strict": remote(
        "owner/gated", name="Strict", licence="CC-BY-NC-4.0", gated=True, url="https://example.org/strict",
        size="7GB", languages=["en", "de", "fr", "it", "sv"],
    )
}  # fmt: skip


def card(it: Visit, name: str) -> Locator:
    return it.page.get_by_role("region", name=name, exact=True)


def status(it: Visit, name: str, words: str) -> None:
    """Wait until a model's badge says so."""
    card(it, name).get_by_role("status").get_by_text(words, exact=True).wait_for()


def do(it: Visit, action: str, name: str) -> None:
    card(it, name).get_by_role("button", name=f"{action} {name}", exact=True).click()


def test_a_model_comes_and_is_heard(
    visit: VisitConsole, serve_from: Callable[..., ServeProcess], hub: HubServer
) -> None:
    hub.rate = 25_000_000
    it = visit(serve_from(REMOTE).url, init=(LISTEN, WATCH_PROGRESS))
    it.go("models")
    status(it, "Remote", "Not downloaded")
    do(it, "Download", "Remote")
    status(it, "Remote", "Ready")
    seen = it.page.evaluate("progress")
    steps = [int(one["at"]) for one in seen]
    assert steps == sorted(steps) and len(set(steps)) > 4, "it goes on, and forwards only"
    assert any(re.search(r"of 63\.2 MB[^/]*\d MB/s · .* left", one["words"]) for one in seen), seen
    it.page.get_by_role("button", name="Speak", exact=True).click()
    it.page.get_by_role("button", name=f"Voice: {PIPER_VOICE}").wait_for()
    it.page.get_by_label("Text", exact=True).fill("I have just arrived.")
    it.page.get_by_role("button", name="Speak", exact=True).click()
    it.until("window.heard?.loudest > 0.02", 45)


def test_voices_come_and_go_one_by_one(visit: VisitConsole, serve_from: Callable[..., ServeProcess]) -> None:
    it = visit(serve_from({"piper": {"enabled": True}}).url)
    it.go("models")
    card(it, "Piper").get_by_role("button", name="Voices of Piper").click()
    dialog = it.page.get_by_role("dialog", name="Voices of Piper")
    dialog.get_by_label("Another voice").fill("joe")
    dialog.get_by_role("button", name="Download", exact=True).click()
    dialog.get_by_text("name a voice, such as en_US-lessac-medium").wait_for()
    dialog.get_by_label("Another voice").fill(PIPER_VOICE)
    it.page.keyboard.press("Enter")
    here = dialog.get_by_role("list", name="Voices that are here")
    here.get_by_role("link", name=PIPER_VOICE).wait_for()
    status(it, "Piper", "Ready")
    here.get_by_role("button", name=f"Delete {PIPER_VOICE}").click()
    it.page.get_by_role("dialog", name=f"Delete {PIPER_VOICE}?").get_by_role("button", name="Delete").click()
    here.wait_for(state="hidden")
    it.page.keyboard.press("Escape")
    status(it, "Piper", "Not downloaded")


def test_a_download_is_cancelled_and_goes_on(
    visit: VisitConsole, serve_from: Callable[..., ServeProcess], hub: HubServer
) -> None:
    hub.rate = 4_000_000
    it = visit(serve_from(REMOTE).url)
    it.go("models")
    do(it, "Download", "Remote")
    card(it, "Remote").get_by_role("progressbar", name="remote").wait_for()
    it.page.reload()
    status(it, "Remote", "Downloading")
    card(it, "Remote").get_by_text(re.compile(r"MB/s · .* left")).wait_for()
    card(it, "Remote").get_by_role("button", name="Cancel the download of remote").click()
    status(it, "Remote", "Partly downloaded")
    assert re.search(r"\d [kM]B of 63.2 MB are here", card(it, "Remote").inner_text())
    hub.rate = 0
    do(it, "Go on", "Remote")
    status(it, "Remote", "Ready")
    it.page.get_by_role("status").filter(has_text="remote is here").wait_for()
    assert any(one.range for one in hub.requests), "what had come was not fetched again"
    assert not card(it, "Remote").get_by_role("progressbar").is_visible()


def test_files_are_deleted_when_somebody_is_sure(
    visit: VisitConsole, serve_from: Callable[..., ServeProcess], tmp_path: Path
) -> None:
    it = visit(serve_from(REMOTE).url)
    it.go("models")
    do(it, "Download", "Remote")
    status(it, "Remote", "Ready")
    assert list((tmp_path / "data/models").rglob("*.onnx"))
    question = it.page.get_by_role("dialog", name="Delete Remote?")
    do(it, "Delete", "Remote")
    assert "63.2 MB" in question.inner_text()
    question.get_by_role("button", name="Cancel").click()
    status(it, "Remote", "Ready")
    do(it, "Delete", "Remote")
    question.get_by_role("button", name="Delete").click()
    status(it, "Remote", "Not downloaded")
    it.page.get_by_role("status").filter(has_text="Remote is deleted: 63.2 MB").wait_for()
    assert not list((tmp_path / "data/models").rglob("*.onnx"))


def test_the_default_voice_is_unloaded_and_loaded(visit: VisitConsole, serve_from: Callable[..., ServeProcess]) -> None:
    it = visit(serve_from({"hibari": {"standby": True}}).url)
    it.go("models")
    status(it, "Hibari", "Loaded")
    memory = it.page.get_by_role("region", name="Memory", exact=True)
    memory.get_by_role("img", name=re.compile("Memory of host memory: Hibari 1.. MB of")).wait_for()
    card(it, "Hibari").get_by_role("button", name="Unload Hibari").focus()
    it.page.keyboard.press("Enter")
    status(it, "Hibari", "Ready")
    it.until("document.activeElement.innerText.startsWith('Load')")
    memory.get_by_text("No model is loaded").wait_for()
    do(it, "Load", "Hibari")
    status(it, "Hibari", "Loaded")
    memory.get_by_role("img", name=re.compile("Hibari 1.. MB")).wait_for()
    assert re.search(r"Memory\s+1\d\d MB of host memory", card(it, "Hibari").inner_text())


def test_what_others_do_is_shown_as_it_happens(visit: VisitConsole, serve_from: Callable[..., ServeProcess]) -> None:
    models = {"slow": fault("Slow", load_seconds=1.5)}
    it = visit(serve_from(models).url)
    it.go("models")
    status(it, "Slow", "Ready")
    it.page.evaluate("void fetch('api/models/slow/load', {method: 'POST'})")
    status(it, "Slow", "Loading")
    status(it, "Slow", "Loaded")
    assert card(it, "Slow").get_by_role("button", name="Unload Slow").is_enabled()


def test_a_model_that_does_not_load_says_why(visit: VisitConsole, serve_from: Callable[..., ServeProcess]) -> None:
    models = {"broken": fault("Broken", load_fail=True)}
    it = visit(serve_from(models).url)
    it.go("models")
    do(it, "Load", "Broken")
    it.page.get_by_role("alert").filter(has_text="the weights are damaged").wait_for()
    status(it, "Broken", "Did not load")
    card(it, "Broken").get_by_text("the weights are damaged").wait_for()
    it.page.reload()
    card(it, "Broken").get_by_text("the weights are damaged").wait_for()


def test_a_gated_model_shows_what_to_do(
    visit: VisitConsole, serve_from: Callable[..., ServeProcess], hub: HubServer
) -> None:
    it = visit(serve_from(GATED).url)
    it.go("models")
    strict = card(it, "Strict")
    for words in ("Non-commercial", "Wants an account", "7.0 GB to download", "English, German, French and 2 more"):
        strict.get_by_text(words, exact=True).wait_for()
    assert strict.get_by_role("link", name="its page").get_attribute("href") == "https://example.org/strict"
    assert "hub.token" in strict.get_by_role("code").all_inner_texts()
    do(it, "Download", "Strict")
    strict.get_by_text("wants its terms accepted on its hub page first").wait_for()
    assert strict.get_by_role("button", name="Download Strict").is_visible(), "one may try again"


def test_with_a_token_a_gated_model_comes(visit: VisitConsole, serve_from: Callable[..., ServeProcess]) -> None:
    it = visit(serve_from(GATED, OPENSPEAKERS__HUB__TOKEN=ACCOUNT).url)
    it.go("models")
    do(it, "Download", "Strict")
    status(it, "Strict", "Ready")
    assert not card(it, "Strict").get_by_text("hub.token").is_visible()


def shown(it: Visit) -> list[str]:
    return [name for name in ("Hibari", "Fault", "Strict", "Remote") if card(it, name).is_visible()]


def test_models_are_searched_and_filtered(visit: VisitConsole, serve_from: Callable[..., ServeProcess]) -> None:
    it = visit(serve_from(GATED | REMOTE).url)
    it.go("models")
    status(it, "Remote", "Not downloaded")
    assert shown(it) == ["Hibari", "Fault", "Strict", "Remote"]
    it.page.get_by_role("button", name="Not installed").click()
    assert shown(it) == ["Strict", "Remote"]
    it.page.get_by_label("Language", exact=True).select_option(label="Swedish")
    assert shown(it) == ["Strict"]
    it.page.reload()
    card(it, "Strict").wait_for()
    assert shown(it) == ["Strict"], "the address says what is shown"
    it.page.get_by_role("searchbox", name="Search models").fill("apache")
    it.page.get_by_text("No such model").wait_for()
    it.page.get_by_role("button", name="Show all").click()
    card(it, "Hibari").wait_for()
    it.page.get_by_role("searchbox", name="Search models").fill("speed apache")
    card(it, "Fault").wait_for(state="hidden")
    assert shown(it) == ["Hibari"]


LISTED = {"pipeline_tag": "text-to-speech", "library_name": "transformers"}

TRENDING: list[dict[str, Any]] = [
    {
        **LISTED, "id": "owner/tts", "likes": 1, "downloads": 6000, "tags": ["license:mit"],
        "cardData": {"language": "de"}, "config": {"model_type": "vits"},
        "safetensors": {"parameters": {"F32": 20_000_000}},
    },
    {
        **LISTED, "id": "owner/strange", "likes": 5, "downloads": 60, "tags": ["license:cc-by-nc-4.0"],
        "gated": "auto", "config": {"model_type": "strange"},
    },
]  # fmt: skip


def test_what_trends_on_the_hub_is_shown_and_how_to_allow_it(
    visit: VisitConsole, serve_from: Callable[..., ServeProcess], hub: HubServer
) -> None:
    hub.listing = TRENDING
    it = visit(serve_from().url)
    it.go("models")
    it.page.get_by_role("tab", name="On the hub").click()
    listed = card(it, "Trending on the hub").get_by_role("listitem")
    listed.filter(has_text="owner/tts").get_by_text("80.0 MB · German · 1 like · 6,000 downloads").wait_for()
    strange = listed.filter(has_text="owner/strange")
    assert all(words in strange.inner_text() for words in ("Non-commercial", "Wants an account"))
    it.page.get_by_text("To fetch one of these").wait_for()
    assert not it.page.get_by_role("button", name="Fetch").count()
    assert it.page.url.endswith("#/models?view=hub")


def test_a_model_of_the_hub_is_fetched_and_here(
    visit: VisitConsole, serve_from: Callable[..., ServeProcess], hub: HubServer, tmp_path: Path
) -> None:
    pytest.importorskip("torch", reason="needs torch: pip install 'wyoming-openspeakers[torch]'")
    from tiny_models import vits

    files = {path.name: path.read_bytes() for path in vits(tmp_path / "checkpoint").iterdir()}
    hub.repos["owner/tts"] = Repo(COMMIT, files, details={"pipeline_tag": "text-to-speech"})
    hub.listing = TRENDING
    it = visit(serve_from(OPENSPEAKERS__HUB__ON_DEMAND="true").url)
    it.go("models")
    it.page.get_by_role("tab", name="On the hub").click()
    it.page.get_by_label("Model of the hub").fill("owner/nothing")
    card(it, "Fetch by name").get_by_role("button", name="Fetch").click()
    it.page.get_by_role("alert").filter(has_text="There is no model owner/nothing on the hub").wait_for()
    it.page.get_by_role("button", name="Fetch owner/tts").click()
    listed = card(it, "Trending on the hub").get_by_role("listitem").filter(has_text="owner/tts")
    listed.get_by_text("Installed", exact=True).wait_for()
    assert not it.page.get_by_role("button", name="Fetch owner/tts").is_visible()
    it.page.get_by_role("tab", name="Yours").click()
    it.page.get_by_role("link", name=re.compile("^Speak with .*tts$")).wait_for()


def test_a_hub_that_cannot_be_reached_is_told(
    visit: VisitConsole, serve_from: Callable[..., ServeProcess], hub: HubServer
) -> None:
    hub.html = True
    it = visit(serve_from().url)
    it.go("models")
    it.page.get_by_role("tab", name="On the hub").click()
    it.page.get_by_role("alert").filter(has_text="is not a model hub; check HF_ENDPOINT").wait_for()
    hub.html = False
    hub.listing = TRENDING
    it.page.get_by_role("button", name="Try again").click()
    it.page.get_by_role("heading", name="owner/tts").wait_for()


GPU = {
    "index": 0, "uuid": "GPU-1", "name": "Seeming 4090", "memory_total": 24_000_000_000, "memory_used": 9_000_000_000,
    "utilisation": 40, "temperature": 61, "power": 212.4, "models": {"fault": 2_000_000_000},
}  # fmt: skip


def test_who_holds_a_gpu_is_shown_and_can_be_parked(
    visit: VisitConsole, serve_from: Callable[..., ServeProcess]
) -> None:
    """No test machine has to have a GPU: what is told of one is put into the service's own answers."""
    it = visit(serve_from().url)
    parked: list[str] = []

    def on_gpu(route: Route) -> None:
        models = route.fetch().json()
        for model in models:
            if model["id"] == "fault":
                model |= {"status": "resident", "device": "cuda:0", "memory": {"cuda:0": 2_000_000_000}}
        route.fulfill(json=models)

    def with_pool(route: Route) -> None:
        info = route.fetch().json()
        info["pools"]["cuda:0"] = {"budget": 21_600_000_000, "used": 2_000_000_000}
        route.fulfill(json=info)

    def park(route: Route) -> None:
        parked.append(route.request.method)
        route.fulfill(status=409, json={"detail": "Model fault is not loaded", "code": "conflict", "param": None})

    def tell(socket: WebSocketRoute) -> None:
        socket.send(json.dumps({"type": "gpus", "seq": 0, "time": 0, "data": {"gpus": [GPU], "problem": None}}))

    it.page.route("**/api/models", on_gpu)
    it.page.route("**/api/system/info", with_pool)
    it.page.route("**/api/models/fault/park", park)
    it.page.route_web_socket("**/ws/gpu", tell)
    it.page.reload()
    it.go("models")
    memory = it.page.get_by_role("region", name="Memory", exact=True)
    memory.get_by_role(
        "img", name="Memory of Seeming 4090: Fault 2.0 GB, Everything else 7.0 GB of 24.0 GB"
    ).wait_for()
    assert "19.6 GB of 21.6 GB for models are free" in memory.inner_text()
    do(it, "Park", "Fault")
    it.page.get_by_role("alert").filter(has_text="Model fault is not loaded").wait_for()
    assert parked == ["POST"]
    assert not card(it, "Hibari").get_by_role("button", name="Park").count(), "it is in host memory already"
    it.page.unroute_all(behavior="ignoreErrors")


def faults(page: Page) -> list[str]:
    violations: list[dict[str, Any]] = page.evaluate("axe.run().then((result) => result.violations)")
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in violations
        if one["impact"] in GRAVE
    ]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_all_that_there_is_to_see_fits_and_has_no_serious_fault(
    visit: VisitConsole,
    serve_from: Callable[..., ServeProcess],
    hub: HubServer,
    picture: Callable[[Page, str], None],
    size: str,
    colours: str,
) -> None:
    axe = (asset("axe-core") / "axe.min.js").read_text()
    hub.listing = TRENDING
    hub.rate = 2_000_000
    width, height = SIZES[size]
    service = serve_from({"kokoro": {}, "piper": {}} | REMOTE | GATED | {"hibari": {"standby": True}})
    look: dict[str, Any] = {"color_scheme": colours, "reduced_motion": "reduce"}
    it = visit(service.url, width=width, height=height, init=(axe,), **look)
    it.wait_until_live()

    def check(name: str) -> None:
        it.page.wait_for_timeout(200)
        picture(it.page, f"models-{name}-{colours}-{size}")
        assert it.page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert not faults(it.page), name

    it.go("models")
    status(it, "Hibari", "Loaded")
    do(it, "Download", "Strict")
    card(it, "Strict").get_by_text("wants its terms accepted").wait_for()
    do(it, "Download", "Remote")
    card(it, "Remote").get_by_text("MB/s").wait_for()
    check("yours")
    card(it, "Kokoro 82M").get_by_role("button", name="All about Kokoro 82M").click()
    it.page.get_by_role("dialog").get_by_text("gpt-4o-mini-tts").wait_for()
    check("details")
    it.page.keyboard.press("Escape")
    card(it, "Piper").get_by_role("button", name="Voices of Piper").click()
    check("voices")
    it.page.keyboard.press("Escape")
    it.page.get_by_role("tab", name="On the hub").click()
    it.page.get_by_role("heading", name="owner/tts").wait_for()
    check("hub")
