"""Dates and weekdays."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.speech.text.normalize import normalize


@pytest.mark.parametrize(
    ("language", "text", "spoken"),
    [
        ("en", "2026-11-21", "November twenty-first, twenty twenty-six"),
        ("en-US", "3/4/2026", "March fourth, twenty twenty-six"),
        ("en-GB", "3/4/2026", "the third of April twenty twenty-six"),
        ("en", "21/11/2026", "November twenty-first, twenty twenty-six"),
        ("en", "Nov 21", "November twenty-first"),
        ("en", "on May 3rd, 2026", "on May third, twenty twenty-six"),
        ("en", "3rd May", "the third of May"),
        ("en", "the 3rd May", "the third of May"),
        ("en", "Sat, Nov 21", "Saturday, November twenty-first"),
        ("en", "Mon-Fri", "Monday to Friday"),
        ("en", "May 2026", "May twenty twenty-six"),
        ("en", "2026-11-21T19:30:00+01:00", "November twenty-first, twenty twenty-six at nineteen thirty"),
        ("de", "am 3. Mai", "am dritten Mai"),
        ("de", "der 3. Mai 1999", "der dritte Mai neunzehnhundertneunundneunzig"),
        ("de", "3. Mai", "dritter Mai"),
        ("de", "am Di., 24.11. um 7:00", "am Dienstag, vierundzwanzigsten November um sieben Uhr"),
        ("de", "am 21.11.2026", "am einundzwanzigsten November zweitausendsechsundzwanzig"),
        ("de", "am 21.11.", "am einundzwanzigsten November."),
        ("de", "21. Nov. 2026", "einundzwanzigster November zweitausendsechsundzwanzig"),
        ("de", "Sa., 21.11.2026", "Samstag, einundzwanzigster November zweitausendsechsundzwanzig"),
        ("de", "vom 3.-5. Mai", "vom dritten bis fünften Mai"),
        ("de", "2026-11-21T19:30:00", "einundzwanzigster November zweitausendsechsundzwanzig um neunzehn Uhr dreißig"),
        ("fr", "le 1er mai 2026", "le premier mai deux mille vingt-six"),
        ("fr", "le 1 mai", "le premier mai"),
        ("fr", "21/11/2026", "vingt et un novembre deux mille vingt-six"),
        ("fr", "le 3 janv. 2026", "le trois janvier deux mille vingt-six"),
        ("fr", "lun. 3 mai", "lundi trois mai"),
        ("es", "el 3 de mayo de 2026", "el tres de mayo de dos mil veintiséis"),
        ("es", "21/11/2026", "veintiuno de noviembre de dos mil veintiséis"),
        ("es-ES", "1 de mayo", "uno de mayo"),
        ("es-MX", "1 de mayo", "primero de mayo"),
        ("es", "21 nov", "veintiuno de noviembre"),
        ("en-US", "on 12/14 at 6:40 am", "on December fourteenth at six forty a.m."),
        ("en-GB", "on 14/12", "on the fourteenth of December"),
        ("en", "on 3/4", "on March fourth"),
        ("en", "Sat 12/14 and Sunday, 12/15", "Saturday December fourteenth and Sunday, December fifteenth"),
        ("en", "on 3/4 of days", "on three quarters of days"),
        ("en", "on 1/2 l", "on half a liter"),
        ("fr", "le 14/12", "le quatorze décembre"),
        ("fr", "lun. 23/11 à 9h30", "lundi vingt-trois novembre à neuf heures trente"),
        ("es", "el 14/12", "el catorce de diciembre"),
        ("en", "Mon through Fri", "Monday through Friday"),
        ("de", "Mo. bis Fr. ab 6 Uhr", "Montag bis Freitag ab sechs Uhr"),
        ("fr", "du lun. au ven. matin", "du lundi au vendredi matin"),
        ("es", "de lun. a vie.", "de lunes a viernes."),
        ("it", "il 14/12 e il 3 gen 2026", "il quattordici dicembre e il tre gennaio duemilaventisei"),
        ("nl", "za 21 nov 2026", "zaterdag eenentwintig november tweeduizendzesentwintig"),
        ("pt", "1 de maio de 2026", "primeiro de maio de dois mil e vinte e seis"),
    ],
)
def test_dates(language: str, text: str, spoken: str) -> None:
    assert normalize(text, language) == spoken
