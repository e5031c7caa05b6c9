"""Letters tell roughly what a word sounds like, in any script."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.speech.words.letters import sounds
from wyoming_openspeakers.speech.words.sounds import SECONDS


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("the", "FE"),
        ("station,", "SPASEN"),
        ("make", "NAP"),
        ("TV", "PEFE"),
        ("p.m.", "PEEN"),
        ("привет", "PREFEP"),
        ("ねこ", "NEPO"),
        ("नमस्ते", "NANASAPA"),
        ("東京", "NANA"),
        ("straße", "SPRAS"),
        ("%", "NA"),
    ],
)
def test_reads(word: str, expected: str) -> None:
    assert sounds(word) == expected


@settings(deadline=None, max_examples=100)
@given(st.text(min_size=1, max_size=12))
def test_every_text_has_sounds_of_known_classes(word: str) -> None:
    assert sounds(word) and set(sounds(word)) <= set(SECONDS)
