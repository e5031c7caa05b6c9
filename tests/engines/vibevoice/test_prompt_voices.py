"""Voices are recordings in the model's folder, or such as it makes; recordings are made as loud as it wants them."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from wyoming_openspeakers.engines.base import EngineError, Reference, Samples
from wyoming_openspeakers.engines.vibevoice.prompt_voices import (
    LONGEST,
    Loudness,
    listen,
    own,
    recorded,
    reference_of,
)

RATE = 24_000


def record(path: Path, seconds: float = 0.5, rate: int = RATE, channels: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = np.sin(np.arange(round(seconds * rate) * channels) / 20) * 8000
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(tone.astype("<i2").tobytes())
    return path


def test_a_recordings_name_says_who_speaks(tmp_path: Path) -> None:
    for name in ("en-Alice_woman", "zh-Bowen_man", "in-Samuel_man", "Grandma", "en-Mary_woman_bgm"):
        record(tmp_path / "voices" / f"{name}.wav")
    (tmp_path / "voices" / "notes.txt").touch()
    found = {voice.name: voice for voice in recorded(tmp_path)}
    assert list(found) == ["Grandma", "en-Alice_woman", "en-Mary_woman_bgm", "in-Samuel_man", "zh-Bowen_man"]
    assert found["en-Alice_woman"].description == "Alice, English, female"
    assert found["in-Samuel_man"].languages == ("en-IN", "zh")
    assert found["zh-Bowen_man"].languages == ("zh", "en") and found["zh-Bowen_man"].gender == "male"
    assert found["Grandma"].description == "Grandma" and found["Grandma"].gender is None
    assert found["en-Mary_woman_bgm"].gender == "female"
    assert list(recorded(tmp_path / "nowhere")) == []


def test_its_own_voices_speak_both_languages() -> None:
    assert {voice.languages for voice in own()} == {("en", "zh")} and len(list(own())) == 4


def test_a_recording_that_was_changed_is_another(tmp_path: Path) -> None:
    record(tmp_path / "voices" / "a.wav")
    first = reference_of(tmp_path, "a")
    record(tmp_path / "voices" / "a.wav", 0.7)
    second = reference_of(tmp_path, "a")
    assert first and second and first.digest != second.digest
    assert reference_of(tmp_path, "b") is None


def test_only_the_beginning_of_a_long_recording_is_listened_to(tmp_path: Path) -> None:
    path = record(tmp_path / "long.wav", LONGEST + 1)
    assert listen(Reference(str(path), ""), RATE).size == LONGEST * RATE


@pytest.mark.parametrize(("rate", "channels", "told"), [(44_100, 1, "44100 Hz"), (RATE, 2, "2 channels")])
def test_says_what_is_wrong_with_a_recording(tmp_path: Path, rate: int, channels: int, told: str) -> None:
    path = record(tmp_path / "wrong.wav", rate=rate, channels=channels)
    with pytest.raises(EngineError, match=rf"wrong.wav has .*{told}.*24000 Hz, mono"):
        listen(Reference(str(path), ""), RATE)
    with pytest.raises(EngineError, match="no sound"):
        listen(Reference(str(record(tmp_path / "empty.wav", 0)), ""), RATE)


def decibels(samples: Samples) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(samples**2))))


def test_makes_recordings_as_loud_as_the_model_wants_them() -> None:
    quiet = np.random.default_rng(1).standard_normal(RATE).astype(np.float32) * np.float32(1e-3)
    assert decibels(Loudness()(quiet)) == pytest.approx(-25, abs=0.1)
    assert decibels(Loudness.of({"target_dB_FS": -30})(quiet)) == pytest.approx(-30, abs=0.1)
    assert Loudness.of({"normalize_audio": False})(quiet) is quiet
    # One crack in silence would be too loud.
    crack = np.zeros(RATE, np.float32)
    crack[5] = 0.5
    assert np.abs(Loudness()(crack)).max() == pytest.approx(1, abs=1e-3)
    assert np.isfinite(Loudness()(np.zeros(10, np.float32))).all()
