"""Everything that the page Jobs can show, seen and read: light and dark, on a phone and on a desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from conftest import ServeProcess
from console_browser import SIZES, Visit, VisitConsole
from console_jobs import compose, entry, history, job, post, slow
from fault_models import models_file
from processes import SHARED

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeProcess]:
    """Jobs in all states, and work for as long as anybody looks."""
    folder: Path = tmp_path_factory.mktemp("look")
    models = folder / "models.yaml"
    models.write_text(yaml.safe_dump(models_file(fault={})), encoding="utf-8")
    process = ServeProcess(folder / "data", ["--models", str(models)], {"OPENSPEAKERS__TEXT__NUMBERS": "false"})
    SHARED.add(process.process.pid)
    job(process, "crash.", model_id="fault", end="failed")
    yield process
    process.stop()


@pytest.fixture(scope="module")
def batch(house: ServeProcess) -> str:
    """A batch that is done, before the work that goes on."""
    lines = ["tone. Good morning.", "tone. The bus leaves."]
    id = str(post(house, "api/tts/batch", model_id="fault", lines=lines)["batch_id"])
    job(house, "tone. Last of the quick ones.", model_id="fault")
    post(house, "api/tts/generate", model_id="fault", text=slow(240))
    post(house, "api/tts/batch", model_id="fault", lines=[slow(240)] * 3)
    return id


@pytest.mark.parametrize("size", SIZES)
def test_all_of_it_can_be_seen_and_read(
    visit: VisitConsole,
    house: ServeProcess,
    batch: str,
    axe: str,
    looked_at: Callable[[Visit, str], None],
    size: str,
) -> None:
    it = visit(house.url, init=(axe,), **SIZES[size])
    it.wait_until_live()
    it.page.goto(f"{it.url}/#/jobs/batch/{batch}")
    it.page.get_by_role("button", name="Download ZIP").wait_for()
    looked_at(it, "jobs-batch")
    it.page.goto(f"{it.url}/#/jobs")
    it.page.get_by_role("region", name="In work").get_by_text("4 texts").wait_for()
    it.page.get_by_role("button", name="Play tone. Good morning.").click()
    it.page.get_by_role("slider").wait_for()
    it.page.get_by_role("checkbox", name="Select this page").check()
    looked_at(it, "jobs-list")
    entry(it.page, "crash.").get_by_role("link").click()
    it.page.get_by_role("dialog").get_by_text("Speak it again; if that fails,").wait_for()
    looked_at(it, "jobs-details")
    it.page.keyboard.press("Escape")
    compose(it.page, "Line one.\nLine two.")
    looked_at(it, "jobs-new")
    it.page.keyboard.press("Escape")
    it.page.goto(f"{it.url}/#/jobs?search=tone&since=2026-01-31&until=2099-12-31")
    history(it.page).get_by_label("From").wait_for()
    looked_at(it, "jobs-filtered")
    history(it.page).get_by_role("button", name="Delete", exact=True).click()
    it.page.get_by_role("menuitem", name="All that is found").click()
    it.page.get_by_role("dialog").get_by_text("“tone”, from").wait_for()
    looked_at(it, "jobs-delete")
