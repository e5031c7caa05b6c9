"""Years and decades."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.speech.text.normalize import normalize


@pytest.mark.parametrize(
    ("language", "text", "spoken"),
    [
        ("en", "in 1999", "in nineteen ninety-nine"),
        ("en", "since 1905", "since nineteen oh five"),
        ("en", "the year 2026", "the year twenty twenty-six"),
        ("en", "1999 lamps", "one thousand nine hundred ninety-nine lamps"),
        ("en", "in 1500 W", "in one thousand five hundred watts"),
        ("en", "the 1990s and the 80s", "the nineteen nineties and the eighties"),
        ("en", "90s", "ninety seconds"),
        ("de", "seit 1999", "seit neunzehnhundertneunundneunzig"),
        ("de", "aus 1983", "aus neunzehnhundertdreiundachtzig"),
        ("de", "im Jahr 2026", "im Jahr zweitausendsechsundzwanzig"),
        ("fr", "en 1999", "en mille neuf cent quatre-vingt-dix-neuf"),
        ("es", "en 2026", "en dos mil veintiséis"),
    ],
)
def test_years(language: str, text: str, spoken: str) -> None:
    assert normalize(text, language) == spoken
