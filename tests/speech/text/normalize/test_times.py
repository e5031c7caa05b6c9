"""Times of day and durations."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.speech.text.normalize import normalize


@pytest.mark.parametrize(
    ("language", "text", "spoken"),
    [
        ("en", "at 7:30", "at seven thirty"),
        ("en", "07:05", "seven oh five"),
        ("en", "12:00", "twelve o'clock"),
        ("en", "19:00", "nineteen hundred"),
        ("en", "19:30", "nineteen thirty"),
        ("en", "0:15", "zero fifteen"),
        ("en", "7:30 pm", "seven thirty p.m."),
        ("en", "It is 7:30 p.m.", "It is seven thirty p.m."),
        ("en", "10:30pm or 7 am", "ten thirty p.m. or seven a.m."),
        ("en", "7-9 pm", "seven to nine p.m."),
        ("en", "10am-5pm", "ten a.m. to five p.m."),
        ("en", "7:30-8:15", "seven thirty to eight fifteen"),
        ("en", "1:23:45", "one hour, twenty-three minutes and forty-five seconds"),
        ("en", "0:05:00", "five minutes"),
        ("de", "7:30", "sieben Uhr dreißig"),
        ("de", "07:05 Uhr", "sieben Uhr fünf"),
        ("de", "19.30 Uhr", "neunzehn Uhr dreißig"),
        ("de", "um 0:15", "um null Uhr fünfzehn"),
        ("de", "1 Uhr", "ein Uhr"),
        ("de", "10-12 Uhr", "zehn bis zwölf Uhr"),
        ("de", "21:01", "einundzwanzig Uhr eins"),
        ("de", "1:23:45", "eine Stunde, dreiundzwanzig Minuten und fünfundvierzig Sekunden"),
        ("fr", "7h30", "sept heures trente"),
        ("fr", "7 h 05", "sept heures cinq"),
        ("fr", "19:00", "dix-neuf heures"),
        ("fr", "1:21", "une heure vingt et une"),
        ("fr", "0:15", "zéro heure quinze"),
        ("fr", "7:30 pm", "sept heures trente du soir"),
        ("fr", "0:02:01", "deux minutes et une seconde"),
        ("es", "a las 7:30", "a las siete y media"),
        ("es", "a la 1:15", "a la una y cuarto"),
        ("es", "7:05", "siete y cinco"),
        ("es", "a las 19:00", "a las diecinueve horas"),
        ("es", "19:30", "diecinueve treinta"),
        ("es", "7:30 pm", "siete y media de la tarde"),
        ("es", "0:15", "cero quince"),
        ("es", "1:00:01", "una hora y un segundo"),
        ("it", "alle 7:30", "alle sette e trenta"),
        ("nl", "om 7:30 uur", "om zeven uur dertig"),
        ("pt", "às 7:30 e 16h", "às sete e trinta e dezesseis horas"),
    ],
)
def test_times(language: str, text: str, spoken: str) -> None:
    assert normalize(text, language) == spoken
