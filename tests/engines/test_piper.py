from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from assets import PIPER_VOICE, Loaded

from wyoming_openspeakers.engines import piper as module
from wyoming_openspeakers.engines.base import EngineError, EngineRequest, ModelSpec, Samples
from wyoming_openspeakers.engines.control import Cancelled
from wyoming_openspeakers.engines.piper import MOST_OPEN, PiperEngine

pytestmark = pytest.mark.slow

TEXT = "The living room is at twenty one degrees, and it is raining."


def describe(folder: Path, name: str, **changes: Any) -> None:
    """Put a voice there that can be listed but not heard."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {"audio": {"sample_rate": 22050, "quality": "medium"}, "espeak": {"voice": "en-us"}, **changes}
    (folder / f"{name}.onnx").touch()
    (folder / f"{name}.onnx.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("changes", "tag"),
    [
        ({"language": {"code": "en_US"}}, "en-US"),
        ({"language": {"code": "zh_CN"}, "espeak": {"voice": "cmn"}}, "zh-CN"),
        ({"language": {"code": "es_419"}}, "es-419"),
        ({"espeak": {"voice": "en-gb-x-rp"}}, "en-GB"),
        ({"espeak": {"voice": "cmn"}}, "zh"),
        ({"espeak": {"voice": "de"}}, "de"),
    ],
)
def test_languages_are_proper_tags(tmp_path: Path, changes: dict[str, Any], tag: str) -> None:
    describe(tmp_path, "voice", **changes)
    (voice,) = PiperEngine.voices(ModelSpec("piper", "piper", (str(tmp_path),)))
    assert voice.languages == (tag,)


def test_finds_voices_in_the_projects_own_tree_and_their_speakers(tmp_path: Path) -> None:
    language = {"code": "en_GB", "name_english": "English", "country_english": "Great Britain"}
    describe(
        tmp_path / "en" / "en_GB" / "vctk" / "medium",
        "en_GB-vctk-medium",
        language=language,
        dataset="vctk",
        speaker_id_map={"p239": 0, "p236": 1, "a": 2},
    )
    describe(tmp_path / "a" / "b" / "c" / "d" / "e" / "f", "too-deep")
    (voice,) = PiperEngine.voices(ModelSpec("piper", "piper", (str(tmp_path), str(tmp_path / "missing"))))
    assert (voice.name, voice.rate) == ("en_GB-vctk-medium", 22050)
    assert voice.description == "Vctk, English (Great Britain), medium"
    assert voice.speakers == ("p239", "p236", "a")


def test_a_file_that_is_no_voice_is_left_out(tmp_path: Path) -> None:
    describe(tmp_path, "good")
    (tmp_path / "alone.onnx").touch()
    for name, text in (("broken", "{"), ("list", "[]"), ("other", '{"a": 1}')):
        (tmp_path / f"{name}.onnx").touch()
        (tmp_path / f"{name}.onnx.json").write_text(text)
    assert [voice.name for voice in PiperEngine.voices(ModelSpec("p", "piper", (str(tmp_path),)))] == ["good"]


def test_a_new_voice_and_a_changed_one_show_at_once(tmp_path: Path) -> None:
    spec = ModelSpec("p", "piper", (str(tmp_path),))
    describe(tmp_path, "b")
    (before,) = PiperEngine.voices(spec)
    describe(tmp_path, "a")
    describe(tmp_path, "b", dataset="another")
    voices = PiperEngine.voices(spec)
    assert [voice.name for voice in voices] == ["a", "b"]
    assert voices[1].revision != before.revision and voices[1].description.startswith("Another")


def test_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    problem = PiperEngine.problem(ModelSpec("p", "piper"))
    assert problem == "Piper is not installed: pip install 'wyoming-openspeakers[piper]'"


def test_a_sentence_comes_in_growing_chunks(piper: Loaded) -> None:
    sizes = [chunk.samples.size for chunk in piper.engine.stream(EngineRequest(TEXT, PIPER_VOICE))]
    assert len(sizes) >= 3
    assert sizes[0] < 22050 * 0.25
    assert sizes[1] > sizes[0]


def test_says_what_piper_itself_says(piper: Loaded, piper_folder: Path) -> None:
    from piper import PiperVoice
    from piper.config import SynthesisConfig

    quiet = {"noise_scale": 0.0, "noise_w_scale": 0.0}
    spoken = piper.say(EngineRequest(TEXT, PIPER_VOICE, parameters=quiet, speed=1.25))
    voice = PiperVoice.load(piper_folder / f"{PIPER_VOICE}.onnx")
    config = SynthesisConfig(length_scale=0.8, noise_scale=0, noise_w_scale=0, normalize_audio=False)
    expected = np.concatenate([chunk.audio_float_array for chunk in voice.synthesize(TEXT, config)])
    assert spoken.shape == expected.shape
    assert float(np.abs(spoken - expected).max()) < 1e-3


def test_sentences_are_spoken_in_order(piper: Loaded) -> None:
    quiet = {"noise_scale": 0.0, "noise_w_scale": 0.0}
    one, two, both = (
        piper.say(EngineRequest(text, PIPER_VOICE, parameters=quiet))
        for text in ("Good morning.", "It is raining.", "Good morning. It is raining.")
    )
    assert np.allclose(both, np.concatenate([one, two]), atol=1e-3)


def test_a_models_own_parameters_are_defaults(piper: Loaded) -> None:
    engine = PiperEngine()
    quiet = ModelSpec("p", "piper", piper.spec.paths, PIPER_VOICE, cache_path=piper.spec.cache_path)
    parameters = {"noise_scale": 0.0, "noise_w_scale": 0.0}
    engine.load(ModelSpec(**{**vars(quiet), "parameters": parameters}), "cpu")
    loaded = Loaded(engine, quiet, PIPER_VOICE)
    first, second = (loaded.say(EngineRequest("Hello.", PIPER_VOICE)) for _ in range(2))
    assert np.array_equal(first, second)


def test_names_an_unknown_speaker(piper: Loaded) -> None:
    with pytest.raises(EngineError, match="nobody") as caught:
        piper.say(EngineRequest("Hello.", PIPER_VOICE, speaker="nobody"))
    assert caught.value.code == "unknown_voice"


def test_a_cancelled_request_ends_between_its_chunks(piper: Loaded) -> None:
    request = EngineRequest(TEXT, PIPER_VOICE)
    chunks = piper.engine.stream(request)
    next(chunks)
    request.cancel.set()
    with pytest.raises(Cancelled):
        next(chunks)


class Tone:
    """Stands in for a voice's sessions, which are slow to open."""

    def speak(self, feeds: object, cancel: object, share: object, heed: object) -> Iterator[Samples]:
        yield np.ones(100, np.float32)


def test_keeps_only_the_last_voices_open(piper_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def open_voice(model: Path, *_: object) -> Tone:
        opened.append(model.stem)
        return Tone()

    monkeypatch.setattr(module, "open_voice", open_voice)
    names = [f"voice{number}" for number in range(MOST_OPEN + 1)]
    for name in names:
        (tmp_path / f"{name}.onnx").touch()
        shutil.copy(piper_folder / f"{PIPER_VOICE}.onnx.json", tmp_path / f"{name}.onnx.json")
    engine = PiperEngine()
    engine.load(ModelSpec("p", "piper", (str(tmp_path),), names[0]), "cpu")
    for name in (*names[1:], names[1], names[0]):
        (chunk,) = engine.stream(EngineRequest("Hello.", name))
        assert chunk.samples.size == 100
    assert opened == [*names, names[0]]


def test_the_schema_is_one_that_its_defaults_pass() -> None:
    for name, schema in PiperEngine.capabilities.parameters.items():
        assert re.fullmatch("[a-z_]+", name)
        assert schema["minimum"] < schema["maximum"] and schema["description"]
