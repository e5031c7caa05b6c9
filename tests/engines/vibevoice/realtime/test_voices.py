"""Voices are files: their names say who speaks, and in which language."""

from __future__ import annotations

from pathlib import Path

import pytest

from wyoming_openspeakers.engines.base import ModelSpec
from wyoming_openspeakers.engines.vibevoice.realtime.voices import describe, voice_files


def put(folder: Path, *names: str) -> ModelSpec:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())
    return ModelSpec("", "", (str(folder),))


@pytest.mark.parametrize(
    ("name", "language", "gender", "description"),
    [
        ("en-Carter_man", "en", "male", "Carter, English, male"),
        ("in-Samuel_man", "en-IN", "male", "Samuel, Indian English, male"),
        ("jp-Spk1_woman", "ja", "female", "Spk1, Japanese, female, experimental"),
        ("kr-Spk0_woman", "ko", "female", "Spk0, Korean, female, experimental"),
        ("sp-Spk1_man", "es", "male", "Spk1, Spanish, male, experimental"),
        ("mine", "en", None, "Mine, English"),
    ],
)
def test_a_name_says_what_it_is(tmp_path: Path, name: str, language: str, gender: str | None, description: str) -> None:
    put(tmp_path, f"{name}.pt")
    voice = describe(name, tmp_path / f"{name}.pt")
    assert (voice.name, voice.languages, voice.gender) == (name, (language,), gender)
    assert (voice.description, voice.rate) == (description, 24_000)


def test_a_voice_that_was_replaced_has_another_revision(tmp_path: Path) -> None:
    put(tmp_path, "en-Mike_man.pt")
    before = describe("en-Mike_man", tmp_path / "en-Mike_man.pt").revision
    (tmp_path / "en-Mike_man.pt").write_bytes(b"another")
    assert describe("en-Mike_man", tmp_path / "en-Mike_man.pt").revision not in ("", before)


def test_the_default_comes_first_and_the_rest_by_language(tmp_path: Path) -> None:
    spec = put(
        tmp_path, "voices/sp-Spk1_man.pt", "voices/de-Spk0_man.pt", "voices/en-Mike_man.pt", "voices/en-Carter_man.pt",
        "voices/xx-Somebody.pt", "voices/en-Emma_woman.pt",
    )  # fmt: skip
    assert list(voice_files(spec)) == [
        "en-Carter_man", "en-Emma_woman", "en-Mike_man", "de-Spk0_man", "sp-Spk1_man", "xx-Somebody",
    ]  # fmt: skip


def test_they_are_found_where_the_author_has_them(tmp_path: Path) -> None:
    spec = put(tmp_path, "demo/voices/streaming_model/experimental_voices/fr-Spk0_man.pt", "voices/en-Mike_man.pt")
    assert list(voice_files(spec)) == ["en-Mike_man", "fr-Spk0_man"]


def test_a_voice_that_was_converted_by_hand_is_preferred(tmp_path: Path) -> None:
    spec = put(tmp_path, "voices/en-Mike_man.pt", "voices/en-Mike_man.safetensors")
    assert voice_files(spec) == {"en-Mike_man": tmp_path / "voices/en-Mike_man.safetensors"}


def test_what_was_converted_beside_is_no_voice_of_its_own(tmp_path: Path) -> None:
    spec = put(tmp_path, "voices/en-Mike_man.pt", "voices/en-Mike_man.0123456789ab.safetensors")
    assert voice_files(spec) == {"en-Mike_man": tmp_path / "voices/en-Mike_man.pt"}
