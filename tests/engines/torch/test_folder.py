"""What the service knows of a model from its files, without the packages that run it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wyoming_openspeakers.engines.base import EngineError, ModelSpec
from wyoming_openspeakers.engines.torch.pieces import pieces
from wyoming_openspeakers.engines.transformers import TransformersEngine
from wyoming_openspeakers.engines.transformers.languages import tag, tag_of_repository


def make(folder: Path, files: dict[str, Any]) -> ModelSpec:
    """A model's folder: JSON files with what they say, others empty."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content) if name.endswith(".json") else "")
    return ModelSpec(folder.name, "transformers", (str(folder / "nowhere"), str(folder)))


@pytest.fixture(autouse=True)
def has_packages(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The packages that are in the model's environment."""
    found = {"torch", "transformers", "safetensors", "sentencepiece"}
    monkeypatch.setattr(ModelSpec, "has_package", lambda self, name: name in found)
    return found


VITS = {
    "config.json": {"model_type": "vits", "sampling_rate": 16_000, "num_speakers": 1},
    "tokenizer_config.json": {"language": "deu", "phonemize": False},
    "vocab.json": {"a": 0},
    "model.safetensors": None,
}


def test_a_voice_has_the_language_of_its_tokenizer(tmp_path: Path) -> None:
    spec = make(tmp_path, VITS)
    assert TransformersEngine.problem(spec) is None
    (voice,) = TransformersEngine.voices(spec)
    assert (voice.name, voice.languages, voice.rate) == ("default", ("de",), 16_000)
    assert voice.description and voice.revision and not voice.speakers


def test_or_that_of_its_repository(tmp_path: Path) -> None:
    files = {**VITS, "tokenizer_config.json": {"phonemize": False}}
    spec = make(tmp_path / "facebook--mms-tts-azj-script_latin", files)
    assert TransformersEngine.voices(spec)[0].languages == ("az-Latn",)


def test_a_replaced_file_is_another_revision(tmp_path: Path) -> None:
    spec = make(tmp_path, VITS)
    (before,) = TransformersEngine.voices(spec)
    assert TransformersEngine.voices(spec) == [before]
    (tmp_path / "model.safetensors").write_text("other")
    assert TransformersEngine.voices(spec)[0].revision != before.revision


def test_offers_only_the_languages_that_are_wanted(tmp_path: Path) -> None:
    spec = make(tmp_path, VITS)
    assert TransformersEngine.voices(ModelSpec("a", "transformers", spec.paths, languages=("fr",))) == []


def test_finds_the_presets_of_bark_that_are_there(tmp_path: Path) -> None:
    parts = ("semantic_prompt", "coarse_prompt", "fine_prompt")
    index: dict[str, Any] = {"repo_or_path": "suno/bark"}
    for name in ("v2/de_speaker_1", "announcer", "v2/fr_speaker_0"):
        index[name] = {part: f"speaker_embeddings/{name}_{part}.npy" for part in parts}
    index["evil"] = dict.fromkeys(parts, "../outside.npy")
    index["absolute"] = dict.fromkeys(parts, str(tmp_path / "config.json"))
    there = [path for name in ("v2/de_speaker_1", "announcer") for path in index[name].values()]
    (tmp_path / "outside.npy").touch()
    spec = make(
        tmp_path / "bark",
        {
            "config.json": {"model_type": "bark"},
            "pytorch_model.bin": None,
            "speaker_embeddings_path.json": index,
            **dict.fromkeys(there),
        },
    )
    voices = {voice.name: voice for voice in TransformersEngine.voices(spec)}
    assert list(voices) == ["v2/de_speaker_1", "announcer", "random"]
    assert voices["v2/de_speaker_1"].languages == ("de",) and voices["announcer"].languages == ("en",)
    assert len(voices["random"].languages) == 13


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "There is no model (config.json) in"),
        ({"config.json": {"model_type": "llama"}}, "kind llama are not supported; these are: bark, fastspeech2"),
        ({"config.json": {}}, "config.json is damaged"),
        ({**VITS, "model.safetensors.index.json": {"weight_map": {"a": "b.safetensors"}}}, None),
        ({"config.json": {"model_type": "vits"}}, "weights are missing"),
        (
            {"config.json": {"model_type": "vits"}, "model.safetensors.index.json": {"weight_map": {"a": "b.bin"}}},
            "b.bin is missing",
        ),
        ({**VITS, "tokenizer_config.json": {"is_uroman": True, "phonemize": False}}, "needs the package uroman"),
        ({**VITS, "tokenizer_config.json": {"phonemize": True}}, "needs the package phonemizer"),
        ({"config.json": {"model_type": "speecht5"}, "model.safetensors": None}, "microsoft/speecht5_hifigan into"),
        (
            {"config.json": {"model_type": "fastspeech2_conformer"}, "model.safetensors": None, "vocab.json": {}},
            "espnet/fastspeech2_conformer_hifigan into",
        ),
        (
            {
                "config.json": {"model_type": "fastspeech2_conformer_with_hifigan"},
                "model.safetensors": None,
                "vocab.json": {},
            },
            "needs the package g2p_en",
        ),
    ],
)
def test_says_what_is_wrong_and_what_to_do(tmp_path: Path, files: dict[str, Any], said: str | None) -> None:
    spec = make(tmp_path / "model", files)
    problem = TransformersEngine.problem(spec)
    assert (said in problem) if said and problem else said == problem
    if said:
        with pytest.raises(EngineError) as caught:
            TransformersEngine().load(spec, "cpu")
        assert caught.value.code == ("package_missing" if "package" in said else "model_missing")


def test_a_vocoder_may_be_in_a_folder_of_its_own(tmp_path: Path) -> None:
    make(
        tmp_path / "vocoder", {"config.json": {"model_type": "hifigan", "sampling_rate": 8_000}, "model.safetensors": 1}
    )
    speech = {"config.json": {"model_type": "speecht5"}, "model.safetensors": None, "spm_char.model": None}
    make(tmp_path / "speech", speech)
    spec = ModelSpec("a", "transformers", (str(tmp_path / "speech"), str(tmp_path / "vocoder")))
    assert TransformersEngine.problem(spec) is None
    assert [(voice.name, voice.rate) for voice in TransformersEngine.voices(spec)] == [("default", 8_000)]
    (tmp_path / "vocoder" / "model.safetensors").unlink()
    assert "weights are missing" in (TransformersEngine.problem(spec) or "")


def test_a_damaged_config_is_no_model(tmp_path: Path) -> None:
    spec = make(tmp_path, VITS)
    (tmp_path / "config.json").write_text("{")
    assert TransformersEngine.voices(spec) == []
    assert "config.json is damaged" in (TransformersEngine.problem(spec) or "")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("deu", "de"),
        ("eng", "en"),
        ("en", "en"),
        ("en-us", "en"),
        ("ceb", "ceb"),
        ("azj-script_cyrillic", "az-Cyrl"),
        ("uzb-script_cyrillic", "uz-Cyrl"),
        ("hak", "hak"),
        ("", None),
        (None, None),
        ("English", None),
    ],
)
def test_languages_are_bcp_47(code: str | None, expected: str | None) -> None:
    assert tag(code) == expected


def test_a_repository_s_name_may_say_the_language() -> None:
    assert tag_of_repository("facebook/mms-tts-fra") == "fr"
    assert tag_of_repository("microsoft/speecht5_tts") is None


def test_a_text_is_cut_at_the_best_place() -> None:
    assert pieces("Hello there.", 20) == ["Hello there."]
    assert pieces("One two. Three, four five six", 16) == ["One two.", "Three,", "four five six"]
    assert pieces("One, two three", 10) == ["One,", "two three"]
    assert pieces("abcdefghij", 4) == ["abcd", "efgh", "ij"]
    assert pieces("你好。再见。", 4) == ["你好。", "再见。"]
    assert pieces("  ", 4) == []


def test_the_main_process_imports_nothing_heavy(tmp_path: Path) -> None:
    spec = make(tmp_path, VITS)
    code = f"""
import sys
from wyoming_openspeakers.engines.base import ModelSpec, engine_class
spec = ModelSpec("a", "transformers", {spec.paths!r})
assert engine_class("transformers").voices(spec)
engine_class("transformers").problem(spec)
print([name for name in ("torch", "transformers", "safetensors", "tokenizers", "scipy") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
