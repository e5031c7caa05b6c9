"""The engine with the author's own files: on PyTorch, or beside an ONNX model where each has its device."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tiny_kokoro
from assets import Loaded, load

pytest.importorskip("torch", reason="torch is not installed: pip install torch")
pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")

from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec
from wyoming_openspeakers.engines.kokoro import KokoroEngine
from wyoming_openspeakers.engines.kokoro_onnx import OnnxRuntime

HELLO = EngineRequest("Hello there, good morning.", "af_heart", seed=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_kokoro.kokoro(tmp_path_factory.mktemp("kokoro") / "model")


@pytest.fixture(scope="module")
def kokoro_torch(folder: Path) -> Iterator[Loaded]:
    loaded = load(spec_of(folder))
    yield loaded
    loaded.engine.unload()


def spec_of(folder: Path) -> ModelSpec:
    return ModelSpec("k", "kokoro", (str(folder),), "af_heart", threads=1)


def test_has_the_voices_and_the_devices_of_its_files(folder: Path, tmp_path: Path) -> None:
    spec = spec_of(folder)
    assert [voice.name for voice in KokoroEngine.voices(spec)] == ["af_bella", "af_heart", "bm_george"]
    assert KokoroEngine.problem(spec) is None
    assert KokoroEngine.capabilities_of(spec).devices == ("cuda", "mps", "cpu")
    assert KokoroEngine.capabilities_of(spec).parks
    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx" / "model.onnx").touch()
    assert KokoroEngine.capabilities_of(spec_of(tmp_path)).devices == ("cpu",)


@pytest.mark.slow
def test_a_seed_makes_it_sound_the_same(kokoro_torch: Loaded) -> None:
    first, again = kokoro_torch.say(HELLO), kokoro_torch.say(HELLO)
    other = kokoro_torch.say(EngineRequest(HELLO.text, HELLO.voice, seed=2))
    assert first.size > 10_000 and np.array_equal(first, again)
    assert not np.allclose(first[:5_000], other[:5_000], atol=1e-5)


def test_a_mixture_is_neither_of_its_voices(kokoro_torch: Loaded) -> None:
    voices = ("af_bella", "af_bella(3)+af_heart")
    bella, mixed = (kokoro_torch.say(EngineRequest(HELLO.text, voice, seed=1)) for voice in voices)
    assert mixed.size > 10_000 and (mixed.size != bella.size or not np.allclose(mixed, bella, atol=1e-4))


def test_a_long_text_is_said_in_pieces(kokoro_torch: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(kokoro_torch.engine, KokoroEngine)
    monkeypatch.setattr(kokoro_torch.engine._runtime, "longest", 12)
    chunks = list(kokoro_torch.engine.stream(HELLO))
    assert len(chunks) > 2 and all(chunk.samples.size > 1_000 for chunk in chunks)


def test_parked_and_back_it_sounds_the_same(kokoro_torch: Loaded) -> None:
    before = kokoro_torch.say(HELLO)
    kokoro_torch.engine.park()
    kokoro_torch.engine.unpark()
    assert np.array_equal(before, kokoro_torch.say(HELLO))


@pytest.mark.slow
@pytest.mark.parametrize("below", ["", "torch"])
def test_each_runtime_has_its_device(folder: Path, kokoro_folder: Path, tmp_path: Path, below: str) -> None:
    shutil.copytree(folder, tmp_path / below, dirs_exist_ok=True)
    for name in ("onnx", "voices"):
        if not (tmp_path / name).exists():
            (tmp_path / name).symlink_to(kokoro_folder / name)
    engine = KokoroEngine()
    engine.load(spec_of(tmp_path), "cpu")
    assert isinstance(engine._runtime, OnnxRuntime)
    engine.unload()
    with pytest.raises(EngineError, match="torch cannot use cuda on this machine"):
        engine.load(spec_of(tmp_path), "cuda")


def test_says_what_it_would_need_for_a_gpu(kokoro_folder: Path) -> None:
    with pytest.raises(EngineError, match=r"On cuda Kokoro cannot run: It needs kokoro-v1_0\.pth") as caught:
        KokoroEngine().load(spec_of(kokoro_folder), "cuda")
    assert caught.value.code == "bad_parameter"


@pytest.mark.parametrize("content", [None, "{", '{"model_type": "style_text_to_speech_2"}'])
def test_without_the_authors_settings_it_says_so(folder: Path, tmp_path: Path, content: str | None) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "config.json").unlink()
    if content is not None:
        (tmp_path / "config.json").write_text(content, "utf-8")
    assert f"{tmp_path / 'config.json'} is missing, damaged" in (KokoroEngine.problem(spec_of(tmp_path)) or "")


def test_settings_of_another_model_are_told_of(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    other = tiny_kokoro.kokoro(tmp_path / "other", hidden=16, voices=())
    (other / "kokoro-v1_0.pth").replace(tmp_path / "kokoro-v1_0.pth")
    text = (tmp_path / "config.json").read_text("utf-8")
    (tmp_path / "config.json").write_text(text.replace('"n_token": ', '"n_token": 1'), "utf-8")
    with pytest.raises(EngineError, match=r"kokoro-v1_0\.pth do not fit its config.json") as caught:
        KokoroEngine().load(spec_of(tmp_path), "cpu")
    assert caught.value.code == "model_missing"


def test_without_torch_in_its_environment_it_says_what_to_install(folder: Path, tmp_path: Path) -> None:
    spec = ModelSpec("k", "kokoro", (str(folder),), packages_path=str(tmp_path))
    assert "pip install torch transformers safetensors" in (KokoroEngine.problem(spec) or "")
