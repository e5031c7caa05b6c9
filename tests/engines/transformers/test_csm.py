"""CSM speaks like a recording, whose codes are derived once."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_models
from assets import load

from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec, Reference
from wyoming_openspeakers.engines.transformers import TransformersEngine
from wyoming_openspeakers.engines.transformers.csm import CsmFamily

pytestmark = pytest.mark.slow


def recording(folder: Path, name: str, pitch: float) -> Reference:
    """A second of a tone."""
    path = folder / f"{name}.wav"
    tone = np.sin(np.arange(24_000) * pitch * 2 * np.pi / 24_000) * 0.3
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes((tone * 32767).astype("<i2").tobytes())
    return Reference(str(path), name, "hello there")


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> ModelSpec:
    return ModelSpec("csm", "transformers", (str(tiny_models.csm(tmp_path_factory.mktemp("csm"))),), "default")


@pytest.fixture(scope="module")
def loaded(spec: ModelSpec) -> Any:
    loaded = load(spec)
    yield loaded
    loaded.engine.unload()


def ask(*references: Reference, text: str = "Good day.") -> EngineRequest:
    return EngineRequest(text, "" if references else "default", seed=4, references=references)


def test_says_that_it_clones_and_has_one_speed(spec: ModelSpec) -> None:
    can = TransformersEngine.capabilities_of(spec)
    assert can.cloning and can.needs_transcript and can.speed is None


def test_a_recording_changes_the_voice(loaded: Any, tmp_path: Path) -> None:
    low, high = recording(tmp_path, "low", 120), recording(tmp_path, "high", 900)
    own, one, other = loaded.say(ask()), loaded.say(ask(low)), loaded.say(ask(high))
    assert one.size and not np.array_equal(one, own) and not np.array_equal(one, other)
    np.testing.assert_array_equal(loaded.say(ask(low)), one)


def test_several_recordings_are_one_prompt(loaded: Any, tmp_path: Path) -> None:
    low, high = recording(tmp_path, "low", 120), recording(tmp_path, "high", 900)
    assert not np.array_equal(loaded.say(ask(low, high)), loaded.say(ask(low)))


def test_a_recording_is_encoded_once_until_it_changes_or_goes(
    loaded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = loaded.engine._model
    assert isinstance(family, CsmFamily)
    encoded: list[int] = []
    real = family._encode

    def counting(values: Any, *arguments: Any, **options: Any) -> Any:
        encoded.append(values.shape[-1])
        return real(values, *arguments, **options)

    monkeypatch.setattr(family, "_encode", counting)
    voice = recording(tmp_path, "counted", 300)
    first = loaded.say(ask(voice))
    loaded.say(ask(voice, text="And another."))
    assert len(encoded) == 1
    loaded.engine.forget(["counted"])
    np.testing.assert_array_equal(loaded.say(ask(voice)), first)
    assert len(encoded) == 2
    changed = Reference(recording(tmp_path, "counted", 700).path, "changed", "hello there")
    assert not np.array_equal(loaded.say(ask(changed)), first)
    assert len(encoded) == 3


def test_a_recording_that_is_gone_is_a_clear_error(loaded: Any, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="missing or damaged"):
        loaded.say(ask(Reference(str(tmp_path / "gone.wav"), "gone", "hello")))
