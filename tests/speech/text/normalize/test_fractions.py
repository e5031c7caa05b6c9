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
        ("en", "a 2-1/2 hour drive", "a two and a half hour drive"),
        ("en", "8/10 lights", "eight out of ten lights"),
        ("en", "½ l", "half a liter"),
        ("de", "1/2 und 3/4", "ein halb und drei Viertel"),
        ("de", "2½ Stunden", "zweieinhalb Stunden"),
        ("de", "8/10", "acht von zehn"),
        ("fr", "1/2 et 3/4", "un demi et trois quarts"),
        ("fr", "2½", "deux et demi"),
        ("fr", "2/3", "deux tiers"),
        ("es", "1/2 y 3/4", "un medio y tres cuartos"),
        ("es", "2½", "dos y medio"),
        ("es", "8/10", "ocho de diez"),
        ("en", "1/2 cup and ½ hour", "half a cup and half an hour"),
        ("de", "1/2 l Milch", "ein halber Liter Milch"),
        ("de", "½ Stunde, 1/2 kg, 1/2 TL", "eine halbe Stunde, ein halbes Kilogramm, ein halber Teelöffel"),
        ("de", "2½ Std. und 1 1/2 l", "zweieinhalb Stunden und eineinhalb Liter"),
        ("fr", "1/2 l, ½ heure, 1/2 h", "un demi-litre, une demi-heure, une demi-heure"),
        ("fr", "2½ heures et 1 1/2 l", "deux heures et demie et un litre et demi"),
        ("fr", "3/4 d'heure", "trois quarts d'heure"),
        ("es", "1/2 l y 1/2 h", "medio litro y media hora"),
        ("es", "1 1/2 h y 2½ l", "una hora y media y dos litros y medio"),
        ("it", "1/2 l e 3/4", "mezzo litro e tre quarti"),
        ("nl", "1/2 l en ½ uur", "een halve liter en een half uur"),
        ("pt", "1/2 l e ½ hora", "meio litro e meia hora"),
    ],
)
def test_fractions(language: str, text: str, spoken: str) -> None:
    assert normalize(text, language) == spoken
