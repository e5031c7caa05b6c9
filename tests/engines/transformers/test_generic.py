from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_models
import torch
from assets import load

from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec
from wyoming_openspeakers.engines.transformers import TransformersEngine
from wyoming_openspeakers.engines.transformers.generic import GenericFamily, sound_of

pytestmark = pytest.mark.slow


def test_a_loader_of_the_model_s_own_does_what_it_does(tmp_path: Path) -> None:
    """CSM's spreads the settings of its inner model, without which that would not vary."""
    loaded = load(ModelSpec("csm", "transformers", (str(tiny_models.csm(tmp_path)),), "default"))
    assert isinstance(loaded.engine, TransformersEngine) and isinstance(loaded.engine._model, GenericFamily)
    model: Any = loaded.engine._model._model
    assert model.depth_decoder.generation_config.do_sample and model.generation_config.max_new_tokens == 12
    loaded.engine.unload()


def test_the_author_s_own_weights_beside_the_library_s_are_left_alone(tmp_path: Path) -> None:
    folder = tiny_models.csm(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "transformers_weights": "transformers.safetensors"}))
    spec = ModelSpec("csm", "transformers", (str(folder),), "default")
    assert "weights are missing" in (TransformersEngine.problem(spec) or "")
    (folder / "model.safetensors").rename(folder / "transformers.safetensors")
    (folder / "model.safetensors").write_bytes(b"somebody else's")
    loaded = load(spec)
    assert loaded.say(EngineRequest("Hello.", "default")).size > 0
    loaded.engine.unload()


def test_without_a_sample_rate_it_is_no_voice(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "csm"}))
    (tmp_path / "model.safetensors").touch()
    spec = ModelSpec("csm", "transformers", (str(tmp_path),))
    assert "sample rate" in (TransformersEngine.problem(spec) or "")
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"sampling_rate": 24_000}))
    assert TransformersEngine.problem(spec) is None
    assert [voice.rate for voice in TransformersEngine.voices(spec)] == [24_000]


class Output:
    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


def test_finds_the_sound_in_what_comes_back() -> None:
    sound = torch.rand(1, 7)
    for output in (sound, [sound], (sound, torch.tensor([7])), Output(waveform=sound), Output(audio=[sound])):
        assert sound_of(output) is sound
    nothing: Any
    for nothing in (torch.tensor([1, 2]), Output(sequences=sound), [], Output(audio=None)):
        with pytest.raises(EngineError, match="no sound"):
            sound_of(nothing)
