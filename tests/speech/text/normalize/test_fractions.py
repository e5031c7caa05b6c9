"""Fractions."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.speech.text.normalize import normalize


@pytest.mark.parametrize(
    ("language", "text", "spoken"),
    [
        ("en", "1/2", "one half"),
        ("en", "3/4", "three quarters"),
        ("en", "½", "one half"),
        ("en", "2½ cups", "two and a half cups"),
        ("en", "1 1/2", "one and a half"),
        ("en", "8/10 lights", "eight out of ten lights"),
        ("en", "½ l", "one half liter"),
        ("de", "1/2 und 3/4", "ein halb und drei Viertel"),
        ("de", "2½ Stunden", "zweieinhalb Stunden"),
        ("de", "8/10", "acht von zehn"),
        ("fr", "1/2 et 3/4", "un demi et trois quarts"),
        ("fr", "2½", "deux et demi"),
        ("fr", "2/3", "deux tiers"),
        ("es", "1/2 y 3/4", "un medio y tres cuartos"),
        ("es", "2½", "dos y medio"),
        ("es", "8/10", "ocho de diez"),
    ],
)
def test_fractions(language: str, text: str, spoken: str) -> None:
    assert normalize(text, language) == spoken
