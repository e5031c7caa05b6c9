"""Voices made from a description, in a real browser: a speech server elsewhere gets the words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from conftest import ServeProcess
from console_browser import LISTEN, SIZES, Visit, VisitConsole
from console_voices import voice_called
from remote_server import Caller, fault_server

pytestmark = pytest.mark.slow

TONE = (np.sin(np.arange(24_000) / 10) * 9000).astype("<i2").tobytes()

WORDS = "A very old man with a dry sense of humour."


def far(url: str) -> dict[str, Any]:
    """A model on a server that makes voices of descriptions."""
    return {"engine": "openai_remote", "name": "Far away", "parameters": {
        "url": url, "voices": ["nova"], "rate": 24_000, "designs": True, "speed": [],
    }}  # fmt: skip


def test_a_voice_is_described_heard_and_changed(
    visit: VisitConsole,
    serve: Callable[..., ServeProcess],
    tmp_path: Path,
    axe: str,
    looked_at: Callable[[Visit, str], None],
) -> None:
    spoken: list[dict[str, Any]] = []

    def answer(caller: Caller) -> None:
        if caller.head.startswith("GET"):
            caller.answer(b'{"data": [{"id": "designer"}]}', "application/json")
        else:
            spoken.append(caller.body)
            caller.answer(TONE)

    with fault_server(answer) as server:
        models = tmp_path / "models.yaml"
        models.write_text(yaml.safe_dump({"models": {"far": far(server.url)}}))
        it = visit(serve("--models", str(models)).url, init=(LISTEN, axe), **SIZES["phone"])
        page = it.page
        it.go("voices")
        page.get_by_role("button", name="Design a voice").click()
        make = page.get_by_role("button", name="Make the voice")
        make.click()
        page.get_by_text("Say in words how the voice shall sound").wait_for()
        it.until("document.activeElement.tagName === 'TEXTAREA'")
        page.get_by_role("button", name="A grandmother").click()
        described = page.get_by_label("Description of the voice")
        assert "warm" in described.input_value()
        looked_at(it, "voices-design")
        described.fill(WORDS)
        page.get_by_label("Name", exact=True).fill("Grandpa")
        make.click()
        page.get_by_role("heading", level=1, name="Grandpa").wait_for()
        kept = voice_called(page, "Grandpa")
        assert (kept["kind"], kept["model_id"], kept["design"]) == ("designed", "far", WORDS)

        page.get_by_role("button", name="Say it").click()
        it.until("window.heard?.loudest > 0.02")
        assert WORDS in spoken[-1]["instructions"] and "voice" not in spoken[-1]
        page.get_by_label("How it sounds").fill("A child.")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_text("Grandpa is saved").wait_for()
        assert voice_called(page, "Grandpa")["design"] == "A child."


def test_where_no_model_can_it_is_not_offered(visit: VisitConsole, default_service: ServeProcess) -> None:
    it = visit(default_service.url)
    it.wait_until_live()
    it.go("voices")
    it.page.get_by_role("button", name="Clone a voice").wait_for()
    assert it.page.get_by_role("button", name="Design a voice").count() == 0
    it.page.goto(f"{it.url}/#/voices/design")
    it.page.get_by_text("None of the models here can make a voice of a description").wait_for()
