from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from assets import Loaded

from wyoming_openspeakers.engines.base import EngineRequest, ModelSpec
from wyoming_openspeakers.engines.hibari import HibariEngine


def test_the_voice_in_the_package_needs_no_files() -> None:
    (voice, *others) = HibariEngine.voices(ModelSpec("hibari", "hibari"))
    assert (voice.name, voice.languages, voice.gender) == ("heart", ("en-US",), "female")
    assert voice.description == "Heart, American English, female"
    assert {other.name for other in others} <= {"emma", "fenrir", "fable", "kore"}


def test_other_voices_count_when_their_file_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIBARI_HOME", str(tmp_path / "cache"))
    spec = ModelSpec("hibari", "hibari", (str(tmp_path / "files"),))
    assert [voice.name for voice in HibariEngine.voices(spec)] == ["heart"]
    for folder, file in (("files", "bf_emma.int8.onnx"), ("cache", "am_fenrir_v2.int8.onnx")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / file).touch()
    assert {voice.name: voice.languages[0] for voice in HibariEngine.voices(spec)} == {
        "heart": "en-US",
        "emma": "en-GB",
        "fenrir": "en-US",
    }
    british = ModelSpec("hibari", "hibari", spec.paths, languages=("en-GB",))
    assert [voice.name for voice in HibariEngine.voices(british)] == ["emma"]


@pytest.mark.slow
def test_a_second_voice_speaks_with_the_file_from_the_folder(tmp_path: Path) -> None:
    from hibari.voices import voice_path

    (tmp_path / "bf_emma.int8.onnx").write_bytes(Path(voice_path("heart")).read_bytes())
    engine = HibariEngine()
    engine.load(ModelSpec("hibari", "hibari", (str(tmp_path),), voice="emma"), "cpu")
    (chunk,) = engine.stream(EngineRequest("Hello.", "emma"))
    assert chunk.samples.size > 10_000


def test_a_seed_makes_it_sound_the_same(hibari: Loaded) -> None:
    first, second, other = (hibari.say(EngineRequest("Hello.", "heart", seed=seed)) for seed in (7, 7, 8))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.slow
def test_says_what_the_package_itself_says(hibari: Loaded) -> None:
    from hibari import Hibari

    text = "Hello there. It is raining."
    assert np.allclose(hibari.say(EngineRequest(text, "heart", seed=1)), Hibari()(text, seed=1), atol=1e-5)
