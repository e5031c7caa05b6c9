from __future__ import annotations

from pathlib import Path

import pytest

from wyoming_openspeakers.engines.base import EngineError, ModelSpec
from wyoming_openspeakers.engines.control import CancelFlag
from wyoming_openspeakers.engines.onnx_session import OnnxSession, threads


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(EngineError, match=r"broken\.onnx") as caught:
        OnnxSession(path, 1)
    assert caught.value.code == "model_missing"


def test_a_failed_run_is_an_engine_error_and_forgets_its_flag() -> None:
    from hibari.voices import voice_path

    session = OnnxSession(Path(voice_path("heart")), 1)
    cancel = CancelFlag()
    with pytest.raises(EngineError):
        session.run({}, cancel)
    assert cancel._callbacks == []


def test_threads_are_those_asked_for_or_a_sensible_number() -> None:
    assert threads(ModelSpec("a", "a", threads=3)) == 3
    assert 1 <= threads(ModelSpec("a", "a")) <= 4
