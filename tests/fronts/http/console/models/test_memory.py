"""Who is in memory and who does not get there, in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from conftest import ServeProcess
from console_browser import VisitConsole
from console_models import card, do, fault, status

if TYPE_CHECKING:
    from playwright.sync_api import Route, WebSocketRoute

pytestmark = pytest.mark.slow

GPU = {
    "index": 0, "uuid": "GPU-1", "name": "Seeming 4090", "memory_total": 24_000_000_000, "memory_used": 9_000_000_000,
    "utilisation": 40, "temperature": 61, "power": 212.4, "models": {"fault": 2_000_000_000},
}  # fmt: skip


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
    status(it, "Broken", "Did not load")
    card(it, "Broken").get_by_text(re.compile("^(just now|.* ago)$")).wait_for()


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
