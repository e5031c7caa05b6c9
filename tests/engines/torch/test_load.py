from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

import tiny_models
import torch
from assets import load
from safetensors.torch import load_file, save_file
from transformers import VitsModel
from transformers.utils import logging

from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec
from wyoming_openspeakers.engines.torch import load as load_module
from wyoming_openspeakers.engines.torch.folder import ModelFolder
from wyoming_openspeakers.engines.torch.load import load_model
from wyoming_openspeakers.engines.transformers import TransformersEngine

pytestmark = pytest.mark.slow

FILE = "model.safetensors"


@pytest.fixture(autouse=True)
def quiet() -> None:
    logging.set_verbosity_error()
    logging.disable_progress_bar()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_models.vits(tmp_path / "model")


@pytest.fixture
def placed(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each model that was loaded got its files' tensors as they are."""
    found: list[bool] = []
    real = load_module._place

    def place(*arguments: Any) -> Any:
        model = real(*arguments)
        found.append(model is not None)
        return model

    monkeypatch.setattr(load_module, "_place", place)
    return found


def weights_of(model: Any) -> dict[str, Any]:
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def same(one: Any, other: Any) -> bool:
    first, second = weights_of(one), weights_of(other)
    return first.keys() == second.keys() and all(
        torch.equal(first[name], second[name]) and first[name].dtype == second[name].dtype for name in first
    )


def reference(folder: Path) -> Any:
    return VitsModel.from_pretrained(folder, local_files_only=True)


def rewrite(folder: Path, change: Any) -> None:
    tensors = change(load_file(folder / FILE))
    (folder / FILE).unlink()
    save_file(tensors, folder / FILE, {"format": "pt"})


@pytest.mark.parametrize("kind", ["speecht5", "fastspeech2", "bark", "vits"])
def test_weights_are_those_of_from_pretrained(kind: str, tmp_path: Path, placed: list[bool]) -> None:
    import transformers

    getattr(tiny_models, kind)(tmp_path)
    names = {
        "vits": "VitsModel",
        "bark": "BarkModel",
        "speecht5": "SpeechT5ForTextToSpeech",
        "fastspeech2": "FastSpeech2ConformerWithHifiGan",
    }
    model_class: Any = getattr(transformers, names[kind])
    model = load_model(model_class, ModelFolder(tmp_path), torch.float32)
    assert same(model, model_class.from_pretrained(tmp_path, local_files_only=True))
    assert placed == [True]
    assert not model.training and not any(weight.requires_grad for weight in model.parameters())


@pytest.mark.parametrize("second", [False, True])
def test_weights_that_are_not_wanted_are_not_even_read(
    second: bool, tmp_path: Path, placed: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    import transformers

    monkeypatch.setattr(load_module, "read_tensors", lambda files: pytest.fail("the file was read whole"))
    tiny_models.seamless(tmp_path, second=second)
    name = "SeamlessM4Tv2ForTextToSpeech" if second else "SeamlessM4TForTextToSpeech"
    model_class: Any = getattr(transformers, name)
    model = load_model(model_class, ModelFolder(tmp_path), torch.float32, without=("speech_encoder.",))
    assert same(model, model_class.from_pretrained(tmp_path, local_files_only=True))
    assert not placed and model.generation_config.vocoder_lang_code_to_id["fra"] == 2


def test_the_names_of_older_files_are_known(folder: Path, placed: list[bool]) -> None:
    expected = reference(folder)
    parts = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}

    def older(tensors: dict[str, Any]) -> dict[str, Any]:
        for new, old in parts.items():
            tensors = {name.replace(new, old): tensor for name, tensor in tensors.items()}
        return tensors

    rewrite(folder, older)
    assert same(load_model(VitsModel, ModelFolder(folder), torch.float32), expected)
    assert placed == [True]


def test_files_in_parts_are_put_together(folder: Path) -> None:
    expected = reference(folder)
    tensors = load_file(folder / FILE)
    (folder / FILE).unlink()
    names = sorted(tensors)
    places = {name: f"model-0000{1 + number % 2}-of-00002.safetensors" for number, name in enumerate(names)}
    for part in set(places.values()):
        save_file({name: tensors[name] for name in names if places[name] == part}, folder / part, {"format": "pt"})
    (folder / f"{FILE}.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    assert same(load_model(VitsModel, ModelFolder(folder), torch.float32), expected)
    (folder / "model-00002-of-00002.safetensors").unlink()
    problem = TransformersEngine.problem(ModelSpec("a", "transformers", (str(folder),)))
    assert problem and "model-00002-of-00002.safetensors is missing" in problem


def test_older_weights_are_read_without_running_them(folder: Path) -> None:
    expected = reference(folder)
    torch.save(load_file(folder / FILE), folder / "pytorch_model.bin")
    (folder / FILE).unlink()
    assert same(load_model(VitsModel, ModelFolder(folder), torch.float32), expected)


class Evil:
    def __reduce__(self) -> Any:
        return os.mkdir, ("evil-was-here",)


def test_weights_that_would_run_code_do_not(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    torch.save({"weight": Evil()}, folder / "pytorch_model.bin")
    (folder / FILE).unlink()
    with pytest.raises(EngineError):
        load_model(VitsModel, ModelFolder(folder), torch.float32)
    assert not (folder / "evil-was-here").exists()


def test_halves_become_what_the_processor_wants(folder: Path) -> None:
    rewrite(folder, lambda tensors: {name: tensor.half() for name, tensor in tensors.items()})
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "dtype": "float16"}))
    model = load_model(VitsModel, ModelFolder(folder), torch.float32)
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    loaded = load(ModelSpec("a", "transformers", (str(folder),), "default"))
    assert loaded.say(EngineRequest("hello", "default")).size > 0


def test_a_file_that_was_cut_off_is_named(folder: Path) -> None:
    whole = (folder / FILE).read_bytes()
    for length in (0, 4, 100, len(whole) // 2, len(whole) - 1):
        (folder / FILE).write_bytes(whole[:length])
        with pytest.raises(EngineError, match=r"model\.safetensors is damaged or incomplete.*download") as caught:
            load(ModelSpec("a", "transformers", (str(folder),), "default"))
        assert caught.value.code == "model_missing"


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: {name: tensor for name, tensor in tensors.items() if "text_encoder.project" not in name},
        lambda tensors: {**tensors, "text_encoder.embed_tokens.weight": torch.zeros(3, 3)},
    ],
    ids=["missing", "wrong shape"],
)
def test_weights_of_another_model_are_refused(folder: Path, change: Any) -> None:
    rewrite(folder, change)
    with pytest.raises(EngineError, match=r"do not fit.*download the model again") as caught:
        load(ModelSpec("a", "transformers", (str(folder),), "default"))
    assert caught.value.code == "model_missing"


def test_weights_that_nobody_needs_do_no_harm(folder: Path) -> None:
    rewrite(folder, lambda tensors: {**tensors, "somebody.elses": torch.zeros(3)})
    assert same(load_model(VitsModel, ModelFolder(folder), torch.float32), reference(folder))


def test_a_lack_of_memory_is_told_as_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(load_module, "read_tensors", full)
    with pytest.raises(torch.OutOfMemoryError):
        load_model(VitsModel, ModelFolder(folder), torch.float32)
