"""Which models of the hub the generic engine can run."""

from typing import Any

import pytest

from wyoming_openspeakers.models.hub.engine import can_run, supported_types


def test_the_engine_says_what_it_can_run() -> None:
    assert {"vits", "speecht5", "bark"} <= supported_types()
    assert can_run("transformers", "vits", "text-to-speech")


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
