"""Which models of the hub can be run without being in a list."""

from typing import Any

import pytest

from wyoming_openspeakers.models.hub.engine import can_run, engine_for, supported_types


def test_the_engine_says_what_it_can_run() -> None:
    assert {"vits", "speecht5", "bark"} <= supported_types()
    assert can_run("transformers", "vits", "text-to-speech")


def test_each_type_goes_to_the_engine_that_streams_it() -> None:
    assert engine_for("vits") == "transformers"
    assert engine_for("csm") == "codec_lm"
    assert engine_for("vibevoice") == "vibevoice"


@pytest.mark.parametrize("kind", ["llama", "dia", "pocket_tts", "vibevoice_streaming", "bert"])
def test_what_needs_files_of_several_repositories_is_not_run_by_its_name_alone(kind: str) -> None:
    assert engine_for(kind) is None
    assert not can_run(None, kind, "text-to-speech")


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
