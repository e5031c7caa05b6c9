"""Plain numbers, decimals, negatives, ranges, scores, names."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.speech.text.normalize import normalize


@pytest.mark.parametrize(
    ("language", "text", "spoken"),
    [
        ("en", "1,250 steps", "one thousand two hundred fifty steps"),
        ("en-GB", "1,250 steps", "one thousand two hundred and fifty steps"),
        ("de", "1.250 Schritte", "eintausendzweihundertfünfzig Schritte"),
        ("es", "1.250 pasos", "mil doscientos cincuenta pasos"),
        ("fr", "1\u202f250 pas", "mille deux cent cinquante pas"),
        ("fr", "1 250 pas", "mille deux cent cinquante pas"),
        ("de-CH", "1’250", "eintausendzweihundertfünfzig"),
        ("en", "3.5", "three point five"),
        ("en", "3,5", "three point five"),
        ("en", "0.125", "zero point one two five"),
        ("de", "3,5", "drei Komma fünf"),
        ("de", "3.5", "drei Komma fünf"),
        ("fr", "3,14", "trois virgule quatorze"),
        ("fr", "21,05", "vingt et un virgule zéro cinq"),
        ("es", "3,14", "tres coma catorce"),
        ("es-MX", "3.5", "tres punto cinco"),
        ("en", "-5", "minus five"),
        ("en", "−5", "minus five"),
        ("de", "-5", "minus fünf"),
        ("fr", "-5", "moins cinq"),
        ("es", "-5", "menos cinco"),
        ("en", "2–3 lamps", "two to three lamps"),
        ("en", "a 5-10 minute walk", "a five to ten minute walk"),
        ("de", "5-10 Lampen", "fünf bis zehn Lampen"),
        ("fr", "5 - 10", "cinq à dix"),
        ("es", "5-10", "cinco a diez"),
        ("en", "9-1-1", "nine-one-one"),
        ("en", "3:1", "three to one"),
        ("en", "They won 112-98", "They won one hundred twelve to ninety-eight"),
        ("en", "2026-11", "two thousand twenty-six-eleven"),
        ("de", "3:1", "drei zu eins"),
        ("fr", "3:1", "trois à un"),
        ("es", "3:1", "tres a uno"),
        ("de", "1 Lampe und 1 Licht", "eine Lampe und ein Licht"),
        ("de", "Es ist 1", "Es ist eins"),
        ("fr", "21 lampes", "vingt et une lampes"),
        ("es", "21 mensajes y 200 luces", "veintiún mensajes y doscientas luces"),
        ("es", "Hay 1", "Hay uno"),
        ("es", "El paquete 200 llega", "El paquete doscientos llega"),
        ("en", "H2O and MP3", "H two O and MP three"),
        ("de", "Zigbee2MQTT", "Zigbee zwei MQTT"),
        ("en", "1,2,3", "one, two, three"),
        ("en", "1234567890123456", "one two three four five six seven eight nine zero one two three four five six"),
        ("en", "5000000", "five million"),
        ("it", "-5 e 3,5", "meno cinque e tre virgola cinque"),
        ("sv", "21", "tjugoett"),
        ("ja", "21", "二十一"),
        ("de", "1 neue Nachricht, 1 E-Mail, 1 Haustür", "eine neue Nachricht, eine E-Mail, eine Haustür"),
        ("de", "Du hast 1 Termin und 1 neuen Film", "Du hast einen Termin und einen neuen Film"),
        ("de", "Es gibt 1 Fenster", "Es gibt ein Fenster"),
        ("de", "in 1 Woche, vor 1 Tag", "in einer Woche, vor einem Tag"),
        ("de", "von 1 bis 5", "von eins bis fünf"),
        ("it", "21,5 e 1 finestra", "ventuno virgola cinque e una finestra"),
        ("nl", "21,5", "eenentwintig komma vijf"),
        ("pt", "21,5 e 2 janelas", "vinte e um vírgula cinco e duas janelas"),
        ("pl", "21,5", "dwadzieścia jeden przecinek pięć"),
    ],
)
def test_numbers(language: str, text: str, spoken: str) -> None:
    assert normalize(text, language) == spoken
