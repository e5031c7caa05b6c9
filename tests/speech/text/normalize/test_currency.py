"""Amounts of money."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.speech.text.normalize import normalize


@pytest.mark.parametrize(
    ("language", "text", "spoken"),
    [
        ("en", "$5", "five dollars"),
        ("en", "$1", "one dollar"),
        ("en", "$5.50", "five dollars and fifty cents"),
        ("en", "$1,250.00", "one thousand two hundred fifty dollars"),
        ("en", "£1.50", "one pound and fifty pence"),
        ("en", "$0.01", "one cent"),
        ("en", "100 ¥", "one hundred yen"),
        ("en", "CHF 20", "twenty Swiss francs"),
        ("en", "$1.2 million", "one point two million dollars"),
        ("en", "-$5", "minus five dollars"),
        ("en", "$-5", "minus five dollars"),
        ("en", "0.32 €/kWh", "thirty-two cents per kilowatt hour"),
        ("en", "$5/month", "five dollars per month"),
        ("en", "1 cent", "one cent"),
        ("en", "20 SEK", "twenty Swedish kronor"),
        ("de", "3,20 €", "drei Euro zwanzig"),
        ("de", "€3,20", "drei Euro zwanzig"),
        ("de", "1 €", "ein Euro"),
        ("de", "0,50 €", "fünfzig Cent"),
        ("de", "1,2 Mio. €", "eins Komma zwei Millionen Euro"),
        ("de", "1 Million €", "eine Million Euro"),
        ("de", "5 ct/kWh", "fünf Cent pro Kilowattstunde"),
        ("de", "0,3215 €", "null Komma drei zwei eins fünf Euro"),
        ("fr", "3,20 €", "trois euros vingt"),
        ("fr", "£1.50", "une livre cinquante"),
        ("fr", "2 millions €", "deux millions d’euros"),
        ("fr", "0,50 €", "cinquante centimes"),
        ("es", "3,20 €", "tres euros con veinte céntimos"),
        ("es", "£21", "veintiuna libras"),
        ("es", "1 millón €", "un millón de euros"),
        ("es-MX", "$5.50", "cinco dólares con cincuenta centavos"),
        ("de", "mit 1 € und für 1 €", "mit einem Euro und für ein Euro"),
        ("de", "5 Mrd. Euro", "fünf Milliarden Euro"),
        ("it", "84,50 €", "ottantaquattro euro e cinquanta centesimi"),
        ("nl", "€ 84,50", "vierentachtig euro vijftig"),
        ("pt", "R$ 12,90", "doze reais e noventa centavos"),
        ("sv", "84,50 €", "åttiofyra euro femtio"),
        ("ja", "84,50 €", "84,50 €"),
    ],
)
def test_currency(language: str, text: str, spoken: str) -> None:
    assert normalize(text, language) == spoken
