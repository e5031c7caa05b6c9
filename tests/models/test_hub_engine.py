"""Which models of the hub the generic engine can run."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from wyoming_openspeakers.models.hub_engine import can_run, supported_types

ENGINE = "wyoming_openspeakers.engines.transformers"


def test_the_engine_says_what_it_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, ENGINE, SimpleNamespace(SUPPORTED={"vits": 1, "bark": 2}))
    assert supported_types() == {"vits", "bark"}


@pytest.mark.parametrize("module", [None, SimpleNamespace()])
def test_without_it_nothing_can_be_run(monkeypatch: pytest.MonkeyPatch, module: Any) -> None:
    monkeypatch.setitem(sys.modules, ENGINE, module)
    assert supported_types() == frozenset()
    assert can_run("transformers", "vits", "text-to-speech") is False


@pytest.mark.parametrize(
    ("library", "model_type", "task", "runs"),
    [
        ("transformers", "vits", "text-to-speech", True),
        (None, "vits", None, True),
        (None, "vits", "text-to-audio", True),
        ("transformers", "bert", None, False),
        ("transformers", "vits", "automatic-speech-recognition", False),
        ("nemo", "vits", "text-to-speech", False),
        ("transformers", None, "text-to-speech", None),
        (None, None, None, None),
    ],
)
def test_what_is_told_of_a_model(library: str | None, model_type: str | None, task: str | None, runs: Any) -> None:
    assert can_run(library, model_type, task, {"vits"}) is runs
