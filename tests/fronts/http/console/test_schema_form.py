"""Forms that are made from the schemas of engines, in a real browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from conftest import ServeProcess
from console_browser import VisitConsole

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = pytest.mark.slow

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "speed": {"type": "number", "minimum": 0.5, "maximum": 2, "default": 1.0},
        "instructions": {"type": "string", "default": ""},
        "exaggeration": {
            "type": "number", "minimum": 0, "maximum": 2, "default": 0.5, "description": "How lively.", "x-in": "extra",
        },
        "steps": {"type": "integer", "minimum": 1, "maximum": 64, "default": 32, "x-in": "extra"},
        "clean": {"type": "boolean", "default": True, "x-in": "extra"},
        "mode": {"type": "string", "enum": ["fast", "fine"], "default": "fast", "x-in": "extra"},
        "seedling": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None, "x-in": "extra"},
        "weights": {"type": "array", "items": {"type": "number"}, "x-in": "extra"},
    },
}  # fmt: skip
"""One field of each kind that engines have."""


def with_schema(route: Route) -> None:
    answer = route.fetch()
    models: list[dict[str, Any]] = answer.json()
    for model in models:
        model["parameters"] = SCHEMA
    route.fulfill(response=answer, json=models)


@pytest.fixture
def page(visit: VisitConsole, default_service: ServeProcess) -> Page:
    page = visit(default_service.url).page
    page.route("**/api/models", with_schema)
    page.route("**/v1/audio/speech", lambda route: route.fulfill(status=422, json={"error": {"message": "as tried"}}))
    page.reload()
    page.get_by_role("button", name="Voice: Automatic").click()
    page.get_by_role("dialog").get_by_role("button", name="heart American").click()
    page.get_by_text("More settings").click()
    page.get_by_label("Text", exact=True).fill("Hello.")
    return page


def sent(page: Page) -> dict[str, Any]:
    """What a click on Speak asks the service."""
    with page.expect_request("**/v1/audio/speech") as asked:
        page.get_by_role("button", name="Speak", exact=True).click()
    body: dict[str, Any] = json.loads(asked.value.post_data or "")
    assert body.pop("input") == "Hello." and body.pop("voice") == "hibari/heart"
    del body["model"], body["response_format"]
    return body


def test_every_kind_of_field_is_sent_where_it_belongs(page: Page) -> None:
    assert sent(page) == {}, "what nobody has set is left to the service"
    page.get_by_label("Instructions").fill("Whisper.")
    page.get_by_role("spinbutton", name="Exaggeration").fill("1.25")
    page.get_by_role("spinbutton", name="Exaggeration").press("Enter")
    page.get_by_role("slider", name="Steps").press("ArrowRight")
    page.get_by_role("switch", name="Clean").uncheck()
    page.get_by_label("Mode").select_option("fine")
    page.get_by_role("spinbutton", name="Seedling").fill("4")
    page.get_by_label("Weights").fill("[1, 0.5]")
    assert sent(page) == {
        "instructions": "Whisper.",
        "extra": {
            "exaggeration": 1.25, "steps": 33, "clean": False, "mode": "fine", "seedling": 4, "weights": [1, 0.5],
        },
    }  # fmt: skip


def test_what_is_as_it_was_is_not_sent(page: Page) -> None:
    field = page.get_by_role("spinbutton", name="Steps")
    field.fill("10")
    field.press("Tab")
    assert sent(page) == {"extra": {"steps": 10}}
    page.get_by_role("button", name="Steps: as it was").click()
    assert field.input_value() == "32" and sent(page) == {}
    page.get_by_role("switch", name="Clean").uncheck()
    page.get_by_role("switch", name="Clean").check()
    assert sent(page) == {}


def test_what_cannot_be_is_told_beside_the_field(page: Page) -> None:
    field = page.get_by_role("spinbutton", name="Exaggeration")
    assert "How lively." in page.content()
    field.fill("9")
    field.press("Tab")
    page.get_by_text("At most 2").wait_for()
    page.get_by_label("Weights").fill("[1, ")
    page.get_by_text("This is not JSON yet").wait_for()
    assert page.get_by_label("Weights").get_attribute("aria-invalid") == "true"
