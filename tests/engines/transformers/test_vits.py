from __future__ import annotations

import json
import sys
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_models
from assets import load

from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec
from wyoming_openspeakers.engines.transformers import TransformersEngine

pytestmark = pytest.mark.slow


def test_text_in_other_letters_is_romanized(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    romanizers = []

    class Uroman:
        def __init__(self) -> None:
            romanizers.append(self)

        def romanize_string(self, text: str) -> str:
            return {"привет": "hello"}.get(text, "")

    # With a spec, as others ask whether the package is there.
    stub = module_from_spec(ModuleSpec("uroman", None))
    monkeypatch.setattr(stub, "Uroman", Uroman, raising=False)
    monkeypatch.setitem(sys.modules, "uroman", stub)
    monkeypatch.setattr(ModelSpec, "has_package", lambda self, name: True)
    folder = tiny_models.vits(tmp_path, language="rus", is_uroman=True)
    loaded = load(ModelSpec("russian", "transformers", (str(folder),), "default"))
    said = [loaded.say(EngineRequest(text, "default", seed=1)) for text in ("привет", "hello", "ъ")]
    assert said[0].size and np.array_equal(said[0], said[1]) and not said[2].size
    assert len(romanizers) == 1


@pytest.mark.parametrize("name", ["vocab.json", "tokenizer_config.json"])
@pytest.mark.parametrize("content", [None, "{"])
def test_a_file_of_the_tokenizer_that_is_missing_or_damaged_is_named(
    tmp_path: Path, name: str, content: str | None
) -> None:
    spec = ModelSpec("vits", "transformers", (str(tiny_models.vits(tmp_path)),), "default")
    assert TransformersEngine.problem(spec) is None
    file = tmp_path / name
    file.unlink()
    if content is not None:
        file.write_text(content)
    problem = TransformersEngine.problem(spec)
    assert problem and name in problem and str(tmp_path) in problem and "download" in problem
    with pytest.raises(EngineError, match=name):
        TransformersEngine().load(spec, "cpu")


def test_a_model_that_reads_phonemes_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = ModelSpec("vits", "transformers", (str(tiny_models.vits(tmp_path)),), "default")
    settings = tmp_path / "tokenizer_config.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "phonemize": True}))
    monkeypatch.setattr(ModelSpec, "has_package", lambda self, name: name != "phonemizer")
    problem = TransformersEngine.problem(spec)
    assert problem and "phonemizer" in problem and "espeak-ng" in problem


def test_a_model_says_its_own_defaults(tmp_path: Path) -> None:
    folder = tiny_models.vits(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "noise_scale": 0.25}))
    parameters = TransformersEngine.capabilities_of(ModelSpec("mine", "transformers", (str(folder),))).parameters
    assert parameters["noise_scale"]["default"] == 0.25
    assert parameters["noise_scale_duration"]["default"] == 0.8
    assert "default" not in TransformersEngine.capabilities.parameters["noise_scale"]
