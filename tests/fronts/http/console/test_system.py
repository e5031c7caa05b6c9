"""The page System, in a real browser."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from conftest import ServeProcess
from console_browser import VisitConsole
from fault_models import models_file
from fronts.mqtt.brokers import free_port

from wyoming_openspeakers import __version__

if TYPE_CHECKING:
    from playwright.sync_api import Page, WebSocketRoute

pytestmark = pytest.mark.slow

ASK = """
(input) => {
    const headers = {"Content-Type": "application/json"};
    fetch("v1/audio/speech", {method: "POST", headers, body: JSON.stringify({model: "fault", input})}).catch(() => {});
}
"""


def test_it_tells_of_the_machine_and_the_service(visit: VisitConsole, default_service: ServeProcess) -> None:
    it = visit(default_service.url)
    it.go("system")
    page = it.page
    page.get_by_role("region", name="About").get_by_text(__version__, exact=True).wait_for()
    ways = page.get_by_role("region", name="Ways in")
    ways.get_by_role("code").filter(has_text=default_service.uri).wait_for()
    assert ways.get_by_text("Off").count() == 2, "neither MQTT nor discovery is on"
    page.get_by_role("region", name="Memory").get_by_role("img", name="Models on cpu: hibari").wait_for()
    assert page.get_by_role("region", name="GPUs").inner_text()


def test_each_way_in_tells_how_it_is(
    visit: VisitConsole, serve: Callable[..., ServeProcess], picture: Callable[[Page, str], None]
) -> None:
    port = str(free_port())
    service = serve(OPENSPEAKERS__MQTT__HOST="127.0.0.1", OPENSPEAKERS__MQTT__PORT=port)
    it = visit(service.url)
    it.go("system")
    ways = it.page.get_by_role("region", name="Ways in")
    wyoming, mqtt = (ways.get_by_role("listitem").filter(has_text=name) for name in ("Wyoming", "MQTT"))
    wyoming.get_by_text("0 clients").wait_for()
    with socket.create_connection(("127.0.0.1", int(service.uri.rpartition(":")[2]))):
        wyoming.get_by_text("1 client", exact=True).wait_for()
        wyoming.get_by_text("Connected: 127.0.0.1.").wait_for()
        picture(it.page, "system-fronts")
    wyoming.get_by_text("0 clients").wait_for()
    mqtt.get_by_text("Disconnected").wait_for()
    mqtt.get_by_text(f"Nobody listens at 127.0.0.1:{port}; check mqtt.port").wait_for()
    ways.get_by_text("No key is needed").wait_for()


def test_settings_are_found_and_secrets_hidden(visit: VisitConsole, serve: Callable[..., ServeProcess]) -> None:
    settings = {"OPENSPEAKERS__MQTT__PASSWORD": "hush", "OPENSPEAKERS__AUDIO__LOUDNESS": "-23"}
    service = serve(**settings)
    it = visit(service.url)
    it.go("system")
    shown = it.page.get_by_role("region", name="Settings")
    shown.get_by_text("mqtt.password", exact=True).wait_for()
    assert "hush" not in it.page.content() and "**" in shown.inner_text()
    it.page.get_by_role("searchbox", name="Search settings").fill("LOUD")
    shown.get_by_text("-23").wait_for()
    assert shown.get_by_role("term").all_inner_texts() == ["audio.loudness"]
    it.page.get_by_role("searchbox", name="Search settings").fill("no such thing")
    it.page.get_by_text("No such setting").wait_for()


def test_who_speaks_and_what_failed_is_shown_as_it_happens(
    visit: VisitConsole, serve: Callable[..., ServeProcess], tmp_path: Path
) -> None:
    models = tmp_path / "models.yaml"
    models.write_text(yaml.safe_dump(models_file(fault={})))
    service = serve("--models", str(models), OPENSPEAKERS__TEXT__NUMBERS="false")
    it = visit(service.url)
    it.go("system")
    it.wait_until_live()
    queue, problems = (it.page.get_by_role("region", name=name) for name in ("Queue", "Recent problems"))
    queue.get_by_text("Nobody waits").wait_for()
    problems.get_by_text("All is well").wait_for()
    it.page.evaluate(ASK, "sleep:3.")
    queue.get_by_role("row", name="generating").wait_for()
    queue.get_by_text("Nobody waits").wait_for()
    it.page.evaluate(ASK, "crash.")
    problems.get_by_text("could not speak").first.wait_for()


GPU = {
    "index": 0, "uuid": "GPU-1", "name": "Seeming 4090", "memory_total": 24_000_000_000, "memory_used": 9_000_000_000,
    "utilisation": 40, "temperature": 61, "power": 212.4, "models": {"kokoro": 2_000_000_000, "csm": 6_000_000_000},
}  # fmt: skip


def test_gpus_are_drawn_as_they_are_read(
    visit: VisitConsole, default_service: ServeProcess, picture: Callable[[Page, str], None]
) -> None:
    """No test machine has to have one: the readings come from here."""

    def tell(socket: WebSocketRoute) -> None:
        for second in range(60):
            gpu = {**GPU, "utilisation": 40 + second % 20}
            reading = {"gpus": [gpu], "problem": None}
            socket.send(json.dumps({"type": "gpus", "seq": second, "time": 0, "data": reading}))

    it = visit(default_service.url)
    it.page.route_web_socket("**/ws/gpu", tell)
    it.page.reload()
    it.go("system")
    card = it.page.get_by_role("region", name="Seeming 4090")
    card.get_by_role("img", name="Load: 59 %").wait_for()
    card.get_by_role("img", name="Memory: kokoro 2.0 GB, csm 6.0 GB, Everything else 1.0 GB of 24.0 GB").wait_for()
    assert "61 °C · 212 W" in card.inner_text()
    drawn = card.locator("path.chart-line").first.get_attribute("d") or ""
    assert drawn.count("L") == 59
    it.page.wait_for_timeout(300)
    picture(it.page, "system-gpu")
