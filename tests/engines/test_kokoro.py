from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from assets import Loaded

from wyoming_openspeakers.engines import kokoro_voices
from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec
from wyoming_openspeakers.engines.kokoro import KokoroEngine
from wyoming_openspeakers.engines.kokoro_onnx import OnnxRuntime, find_model


def everything(spec: ModelSpec, name: str) -> bool:
    return True


def own_packages(spec: ModelSpec, name: str) -> bool:
    return name in ("onnxruntime", "hibari")


def test_lists_its_voices_with_their_languages(kokoro_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ModelSpec, "has_package", everything)
    voices = KokoroEngine.voices(ModelSpec("k", "kokoro", (str(kokoro_folder),)))
    assert len(voices) == 54
    languages = {voice.languages[0] for voice in voices}
    assert languages == {"en-US", "en-GB", "es", "fr-FR", "hi", "it", "ja", "pt-BR", "zh"}
    assert sum(voice.gender == "female" for voice in voices) == 29


def test_a_voice_that_cannot_be_pronounced_is_not_listed(kokoro_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ModelSpec, "has_package", own_packages)
    spec = ModelSpec("k", "kokoro", (str(kokoro_folder),))
    voices = KokoroEngine.voices(spec)
    assert len(voices) == 28 and all(voice.languages[0].startswith("en") for voice in voices)


def test_tells_which_extras_the_voices_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ModelSpec, "has_package", own_packages)
    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx" / "model.onnx").touch()
    spec = ModelSpec("k", "kokoro", (str(tmp_path),))
    assert "voices/*.bin" in (KokoroEngine.problem(spec) or "")
    (tmp_path / "voices").mkdir()
    for name in ("ff_siwis", "zf_xiaobei"):
        (tmp_path / "voices" / f"{name}.bin").touch()
    problem = KokoroEngine.problem(spec)
    assert problem == "Kokoro's voices need: pip install 'wyoming-openspeakers[espeak,kokoro-zh]'"
    elsewhere = replace(spec, packages_path=str(tmp_path))
    assert "pip install espeakng-loader misaki[zh], in its environment" in (KokoroEngine.problem(elsewhere) or "")


def test_a_look_for_problems_lists_the_voices_once_and_reads_the_state_of_none(
    kokoro_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []

    def noted(self: Path, *arguments: Any, **options: Any) -> Any:
        if self.parent.name == "voices":
            looks.append(f"state of {self.name}")
        return stat(self, *arguments, **options)

    def listed(spec: ModelSpec) -> dict[str, Path]:
        looks.append("list")
        return files(spec)

    stat, files = Path.stat, kokoro_voices.files
    monkeypatch.setattr(kokoro_voices, "files", listed)
    monkeypatch.setattr(Path, "stat", noted)
    monkeypatch.setattr(ModelSpec, "has_package", everything)
    spec = ModelSpec("k", "kokoro", (str(kokoro_folder),))
    assert KokoroEngine.problem(spec) is None
    assert looks == ["list"]
    looks.clear()
    assert len(KokoroEngine.voices(spec)) == 54
    assert len(looks) == 55 and looks.count("list") == 1


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        (["onnx/model.onnx", "onnx/model_quantized.onnx"], "onnx/model_quantized.onnx"),
        (["onnx/model_fp16.onnx", "onnx/model.onnx"], "onnx/model.onnx"),
        (["kokoro-v1.0.int8.onnx"], "kokoro-v1.0.int8.onnx"),
        (["other.onnx"], None),
    ],
)
def test_takes_the_fastest_model_that_is_there(tmp_path: Path, files: list[str], chosen: str | None) -> None:
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    found = find_model(ModelSpec("k", "kokoro", (str(tmp_path / "missing"), str(tmp_path))))
    assert found == (tmp_path / chosen if chosen else None)


def test_names_the_unknown_part_of_a_mixture(kokoro: Loaded) -> None:
    with pytest.raises(EngineError, match="af_nobody") as caught:
        kokoro.say(EngineRequest("Hello.", "af_heart+af_nobody"))
    assert caught.value.code == "unknown_voice"


@pytest.mark.slow
def test_a_mixture_lies_between_its_voices(kokoro: Loaded) -> None:
    engine = kokoro.engine
    assert isinstance(engine, KokoroEngine)
    from wyoming_openspeakers.engines.kokoro_voices import parse

    bella, sky, mixed = (engine._styles(parse(text)) for text in ("af_bella", "af_sky", "af_bella(2)+af_sky(1)"))
    assert np.allclose(mixed, bella * 2 / 3 + sky / 3, atol=1e-6)
    samples = kokoro.say(EngineRequest("Hi.", "af_bella(2)+af_sky(1)"))
    assert samples.size > 10_000 and float(np.abs(samples).max()) > 0.05


@pytest.mark.slow
def test_a_long_text_is_spoken_in_pieces(kokoro: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OnnxRuntime, "longest", 16)
    chunks = list(kokoro.engine.stream(EngineRequest("Good morning, good night.", "af_heart")))
    assert len(chunks) == 2 and all(chunk.samples.size > 10_000 for chunk in chunks)


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("espeakng_loader") is None, reason="the extra [espeak] is not installed")
def test_speaks_another_language(kokoro: Loaded) -> None:
    samples = kokoro.say(EngineRequest("Bonjour.", "ff_siwis"))
    assert samples.size > 10_000 and float(np.abs(samples).max()) > 0.05
