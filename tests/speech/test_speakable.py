"""Each stage of the text can be turned off."""

from pathlib import Path
from typing import Any

import pytest

from wyoming_openspeakers.config import TextConfig
from wyoming_openspeakers.errors import ConfigError
from wyoming_openspeakers.speech.speakable import Speakable

RAW = "**Visit** https://www.example.com/long/path?x=1 now 🎉, it is 5 km away."


def spoken(raw: str = RAW, language: str = "en", **config: Any) -> str:
    speakable = Speakable(TextConfig(**config))
    stream = speakable.stream()
    return " | ".join(speakable.words(each, language) for each in (*stream.feed(raw), *stream.finish()))


def test_all_stages() -> None:
    words = spoken()
    assert "five kilometers" in words and "Visit example" in words
    assert not any(mark in words for mark in ("*", "/", "🎉"))


@pytest.mark.parametrize(
    ("stage", "left"), [("markup", "**Visit**"), ("urls", "/long/path"), ("emoji", "🎉"), ("numbers", "5 km")]
)
def test_a_stage_that_is_off_leaves_its_part_alone(stage: str, left: str) -> None:
    assert left not in spoken()
    assert left in spoken(RAW, "en", **{stage: False})


def test_numbers_are_read_in_the_language_of_the_text() -> None:
    assert spoken("5 km", "de") == "fünf Kilometer"
    assert spoken("5 km", "de-AT") == "fünf Kilometer"


def test_a_language_without_rules_leaves_numbers_to_the_engine() -> None:
    assert spoken("5 km", "xx") == "5 km"


def test_respellings_go_by_language() -> None:
    words = {"en": {"Nguyen": "Win"}, "*": {"HA": "Home Assistant"}}
    assert spoken("Nguyen runs HA.", "en-GB", pronounce=words) == "Win runs Home Assistant."
    assert spoken("Nguyen runs HA.", "de", pronounce=words) == "Nguyen runs Home Assistant."


def test_respellings_from_a_file_lie_under_those_in_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "words.yaml"
    file.write_text('"*":\n  HA: Hah\n  MQTT: em queue\n')
    words = spoken("HA and MQTT", pronounce={"*": {"HA": "Home Assistant"}}, pronounce_file=str(file))
    assert words == "Home Assistant and em queue"


def test_a_missing_file_of_respellings_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"text\.pronounce_file: .*gone\.yaml"):
        Speakable(TextConfig(pronounce_file=str(tmp_path / "gone.yaml")))


def test_a_segment_is_no_longer_than_configured() -> None:
    pieces = spoken("word " * 100, max_segment=60).split(" | ")
    assert len(pieces) > 5 and max(map(len, pieces)) <= 60
    assert " ".join(pieces) == ("word " * 100).strip()


def test_the_first_segment_is_cut_at_a_clause() -> None:
    text = "When the rain is over, we will go out for a long walk in the park."
    stream = Speakable(TextConfig()).stream(first_segment=40)
    assert [*stream.feed(text), *stream.finish()][0] == "When the rain is over,"
    assert spoken(text) == text


def test_text_without_markup_is_left_as_it_is() -> None:
    stream = Speakable(TextConfig()).stream(markup=False)
    assert [*stream.feed("a **b** c"), *stream.finish()] == ["a **b** c"]
