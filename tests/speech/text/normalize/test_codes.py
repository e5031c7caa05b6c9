"""Codes, telephone numbers, addresses and versions."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.speech.text.normalize import normalize


@pytest.mark.parametrize(
    ("language", "text", "spoken"),
    [
        ("en", "code 0042", "code zero zero four two"),
        ("en", "The PIN is 1234.", "The PIN is one two three four."),
        ("en", "007", "zero zero seven"),
        ("en", "Call 911", "Call nine one one"),
        ("en", "call 555-1234", "call five five five, one two three four"),
        ("en", "version 2.5.1", "version two point five point one"),
        ("en", "v2.5", "version two point five"),
        ("en", "Home Assistant 2026.11", "Home Assistant twenty twenty-six point eleven"),
        ("en", "192.168.1.10", "one nine two dot one six eight dot one dot ten"),
        ("de", "PIN 1234", "PIN eins zwei drei vier"),
        ("de", "030 1234567", "null drei null, eins zwei drei vier fünf sechs sieben"),
        ("de", "2.5.1", "zwei Punkt fünf Punkt eins"),
        ("de", "192.168.1.1", "eins neun zwei Punkt eins sechs acht Punkt eins Punkt eins"),
        ("de", "1.250.000", "eine Million zweihundertfünfzigtausend"),
        ("fr", "01 23 45 67 89", "zéro un, vingt-trois, quarante-cinq, soixante-sept, quatre-vingt-neuf"),
        ("fr", "2.5.1", "deux point cinq point un"),
        ("fr", "code 0042", "code zéro zéro quatre deux"),
        ("es", "código 1234", "código uno dos tres cuatro"),
        ("es", "al 912 34 56 78", "al nueve uno dos, treinta y cuatro, cincuenta y seis, setenta y ocho"),
        ("es", "al 600 123 456", "al seis cero cero, uno dos tres, cuatro cinco seis"),
        ("es", "600 123 456 euros", "seiscientos millones ciento veintitrés mil cuatrocientos cincuenta y seis euros"),
        ("es", "192.168.1.1", "ciento noventa y dos punto ciento sesenta y ocho punto uno punto uno"),
        ("en", "+1 (555) 123-4567", "plus one, five five five, one two three, four five six seven"),
    ],
)
def test_codes(language: str, text: str, spoken: str) -> None:
    assert normalize(text, language) == spoken
