"""Respellings."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from wyoming_openspeakers.speech.text.pronounce import Pronunciations

_WORDS = Pronunciations.from_mapping(
    {
        "*": {"HA": "Home Assistant", "zigbee": "zig bee", "IKEA": "eekaya", "C++": "see plus plus", "wyoming": "any"},
        "en": {"Nguyen": "Win", "living room": "lounge", "living room lamp": "reading light", "wyoming": "Y O Ming"},
        "en-GB": {"router": "rooter", "Wyoming": "British"},
        "hi": {"कम": "kam"},
        "ja": {"東京": "とうきょう"},
        "de": {"straße": "Schtrase"},
    }
)


@pytest.mark.parametrize(
    ("language", "text", "spoken"),
    [
        ("en", "HA and ha and HAL", "Home Assistant and ha and HAL"),
        ("de", "Zigbee, ZIGBEE-Stick", "zig bee, zig bee-Stick"),
        ("en-US", "Mr Nguyen's router", "Mr Win's router"),
        ("en-GB", "Mr Nguyen's Router", "Mr Win's rooter"),
        ("en_gb", "Wyoming WYOMING wyoming", "British Y O Ming Y O Ming"),
        ("fr", "Wyoming", "any"),
        ("en", "The living  room lamp in the living room", "The reading light in the lounge"),
        ("de", "Nguyen", "Nguyen"),
        ("en", "C++ and C", "see plus plus and C"),
        ("en", "éHA HAé HA_1 HA2", "éHA HAé HA_1 HA2"),
        ("hi", "कम कमी", "kam कमी"),
        ("ja", "東京は", "とうきょうは"),
        ("de-AT", "STRAßE Straße Straßen", "Schtrase Schtrase Straßen"),
        ("", "HA", "Home Assistant"),
    ],
)
def test_apply(language: str, text: str, spoken: str) -> None:
    assert _WORDS.apply(text, language) == spoken


def test_a_respelling_is_not_respelled_and_means_only_itself() -> None:
    words = Pronunciations.from_mapping({"*": {"a": "b", "b": "a", "x": r"\1 \g<0>"}})
    assert words.apply("a b x", "en") == r"b a \1 \g<0>"


def test_no_entries_change_nothing() -> None:
    assert Pronunciations.from_mapping({}).apply("HA", "en") == "HA"


@pytest.mark.slow
def test_time_is_linear() -> None:
    words = Pronunciations.from_mapping({"*": {f"word{number} more": "x" for number in range(300)}})

    def seconds(text: str) -> float:
        began = time.process_time()
        words.apply(text, "en")
        return time.process_time() - began

    seconds("warm")
    assert seconds("word1 " * 8000) < 10 * seconds("word1 " * 2000) + 0.02


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("words.yaml", "'*':\n  HA: Home Assistant\nen:\n  Nguyen: Win\n"),
        ("words.json", '{"*": {"HA": "Home Assistant"}, "en": {"Nguyen": "Win"}}'),
        ("words.txt", "# ours\nHA: Home Assistant\n\n[en]\nNguyen : Win\n"),
    ],
)
def test_files(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    words = Pronunciations.from_file(tmp_path / name)
    assert words.apply("HA Nguyen", "en") == "Home Assistant Win"
    assert words.apply("HA Nguyen", "de") == "Home Assistant Nguyen"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("words.yaml", "en:\n  a: 'b\n", r"words\.yaml:\d"),
        ("words.yaml", "en:\n  a: [\n", r"words\.yaml:3"),
        ("words.yaml", "no:\n  a: b\nfr:\n  on: off\n", r"words\.yaml: .*quote"),
        ("words.yaml", "en: Win\n", r"words\.yaml: en: must hold words"),
        ("words.json", "[]x", r"words\.json:1"),
        ("words.yaml", "- HA\n", r"words\.yaml: .*by language"),
        ("words.txt", "HA: Home\nno colon here\n", r"words\.txt:2: expected"),
        ("words.txt", "[not a tag]\n", r"words\.txt:1: 'not a tag'"),
    ],
)
def test_errors_name_the_place(tmp_path: Path, name: str, content: str, told: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=told):
        Pronunciations.from_file(tmp_path / name)


def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_bytes("é: e".encode("latin-1"))
    with pytest.raises(ValueError, match="not a UTF-8"):
        Pronunciations.from_file(tmp_path / "words.txt")
