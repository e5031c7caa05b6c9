"""Signs between and before numbers and words."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.speech.text.normalize import normalize


@pytest.mark.parametrize(
    ("language", "text", "spoken"),
    [
        ("en", "2+2=4", "two plus two equals four"),
        ("en", "3 × 4 = 12", "three times four equals twelve"),
        ("en", "12 ÷ 4", "twelve divided by four"),
        ("en", "3 < 5", "three less than five"),
        ("en", "5 - 3 = 2", "five minus three equals two"),
        ("en", "#5", "number five"),
        ("en", "No. 5", "Number five"),
        ("en", "No 5 items", "No five items"),
        ("en", "№ 5", "number five"),
        ("en", "5x faster", "five times faster"),
        ("en", "10x10", "ten by ten"),
        ("en", "1 m x 2 m and 10ft x 12ft", "one meter by two meters and ten feet by twelve feet"),
        ("en", "~20 ±5", "about twenty plus or minus five"),
        ("en", "A → B", "A to B"),
        ("en", "R&B", "R and B"),
        ("en", "me@example.com", "me at example dot com"),
        ("en", "§ 5", "section five"),
        ("en", "24/7", "twenty-four seven"),
        ("en", "C++ and <b>", "C++ and <b>"),
        ("de", "2+2=4", "zwei plus zwei gleich vier"),
        ("de", "3 x 4", "drei mal vier"),
        ("de", "Nr. 5 und #6", "Nummer fünf und Nummer sechs"),
        ("de", "§ 5", "Paragraph fünf"),
        ("de", "~20", "etwa zwanzig"),
        ("de", "Salz & Pfeffer", "Salz und Pfeffer"),
        ("fr", "2+2=4", "deux plus deux égale quatre"),
        ("fr", "n° 5", "numéro cinq"),
        ("fr", "~20", "environ vingt"),
        ("fr", "3 × 4", "trois fois quatre"),
        ("es", "2+2=4", "dos más dos igual a cuatro"),
        ("es", "n.º 5", "número cinco"),
        ("es", "5x", "cinco veces"),
        ("es", "sal & pimienta", "sal y pimienta"),
    ],
)
def test_signs(language: str, text: str, spoken: str) -> None:
    assert normalize(text, language) == spoken
