from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_models
import torch
from assets import Loaded, load

from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec
from wyoming_openspeakers.engines.torch.folder import ModelFolder
from wyoming_openspeakers.engines.transformers import TransformersEngine
from wyoming_openspeakers.engines.transformers.seamless import SeamlessFamily

pytestmark = pytest.mark.slow

HELLO = "Hello there, good morning."


@pytest.fixture(scope="module", params=[False, True], ids=["first", "second"])
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    folder = tiny_models.seamless(tmp_path_factory.mktemp("seamless"), second=request.param)
    one = load(ModelSpec("seamless", "transformers", (str(folder),), "default"))
    yield one
    one.engine.unload()


def family_of(loaded: Loaded) -> SeamlessFamily:
    assert isinstance(loaded.engine, TransformersEngine) and isinstance(loaded.engine._model, SeamlessFamily)
    return loaded.engine._model


def spec_of(folder: Path, **changes: Any) -> ModelSpec:
    return ModelSpec("seamless", "transformers", (str(folder),), **changes)


def test_has_the_languages_that_it_can_speak_and_not_only_write(loaded: Loaded) -> None:
    (voice,) = loaded.engine.voices(loaded.spec)
    assert voice.languages == ("en", "de", "fr") and voice.speakers == ("0", "1", "2", "3")
    assert voice.rate == 16_000 and voice.revision
    (german,) = loaded.engine.voices(spec_of(Path(loaded.spec.paths[0]), languages=("de",)))
    assert german.languages == ("de",)
    assert loaded.engine.voices(spec_of(Path(loaded.spec.paths[0]), languages=("it",))) == []


def test_says_the_words_that_are_written(loaded: Loaded) -> None:
    """It says what the library's own loop would say when each word is forced upon it."""
    model, tokenizer = family_of(loaded)._model, family_of(loaded)._tokenizer
    inputs = tokenizer(HELLO, src_lang="deu", return_tensors="pt")
    words = [model.config.decoder_start_token_id, *inputs.input_ids[0].tolist()]
    with torch.no_grad():
        expected, _ = model.generate(
            **inputs, tgt_lang="deu", text_prefix_allowed_tokens_fn=lambda batch, begin: [words[len(begin)]]
        )
    said = loaded.say(EngineRequest(HELLO, "default", language="de"))
    assert np.array_equal(said, expected.reshape(-1).numpy())


def test_speaks_each_language_in_its_own_way(loaded: Loaded) -> None:
    said = [loaded.say(EngineRequest(HELLO, "default", language=language)) for language in ("en", "de", "fr")]
    assert len({samples.tobytes() for samples in said}) == 3
    for name, same in (("de-AT", 1), ("EN", 0), (None, 0)):
        assert np.array_equal(loaded.say(EngineRequest(HELLO, "default", language=name)), said[same])
    with pytest.raises(EngineError, match="does not speak la; it speaks") as caught:
        loaded.say(EngineRequest(HELLO, "default", language="la"))
    assert caught.value.code == "bad_parameter"


def test_has_speakers(loaded: Loaded) -> None:
    said = [loaded.say(EngineRequest(HELLO, "default", speaker=speaker)) for speaker in (None, "0", "3")]
    assert np.array_equal(said[0], said[1]) and not np.array_equal(said[1], said[2])
    with pytest.raises(EngineError, match="0 to 3"):
        loaded.say(EngineRequest(HELLO, "default", speaker="4"))


def test_what_listens_is_not_in_memory(loaded: Loaded) -> None:
    model = family_of(loaded)._model
    assert not [name for name, _ in model.named_parameters() if "speech_encoder" in name]
    assert sum(weight.numel() for weight in model.parameters()) < 36_000


def test_the_words_of_the_second_version_are_not_kept_by_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []
    real = ModelFolder.read

    def read(folder: ModelFolder, name: str) -> Any:
        kept.append(name)
        return real(folder, name)

    monkeypatch.setattr(ModelFolder, "read", read)
    settings: dict[str, dict[str, Any]] = {
        "id_to_text": {"7": '"t2u_lang_code_to_id": {'},
        "t2u_lang_code_to_id": {"eng": 1},
        "text_decoder_lang_to_code_id": {"eng": 1},
        "vocoder_lang_code_to_id": {"eng": 1, "fra": 2},
    }
    (tmp_path / "generation_config.json").write_text(json.dumps(settings, indent=2, sort_keys=True))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "seamless_m4t_v2", "vocoder_num_spkrs": 200}))
    (tmp_path / "model.safetensors").touch()
    (voice,) = TransformersEngine.voices(spec_of(tmp_path))
    assert voice.languages == ("en",) and len(voice.speakers) == 200
    assert "config.json" in kept and "generation_config.json" not in kept


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "generation_config.json is missing"),
        ({"generation_config.json": "{"}, "names no language"),
        ({"generation_config.json": None}, "tokenizer.json is missing"),
        ({"generation_config.json": None, "sentencepiece.bpe.model": ""}, "needs the package sentencepiece"),
        ({"generation_config.json": None, "tokenizer.json": ""}, None),
    ],
)
def test_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str | None], said: str | None
) -> None:
    monkeypatch.setattr(ModelSpec, "has_package", lambda self, name: False)
    tables = ("text_decoder_lang_to_code_id", "t2u_lang_code_to_id", "vocoder_lang_code_to_id")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "seamless_m4t"}))
    (tmp_path / "model.safetensors").touch()
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps({t: {"eng": 1} for t in tables}) if content is None else content)
    problem = TransformersEngine.problem(spec_of(tmp_path))
    assert (said in problem) if said and problem else said == problem
