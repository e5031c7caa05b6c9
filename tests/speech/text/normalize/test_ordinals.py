"""Ordinals and Roman numerals."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.speech.text.normalize import normalize


@pytest.mark.parametrize(
    ("language", "text", "spoken"),
    [
        ("en", "1st, 22nd and 103rd", "first, twenty-second and one hundred third"),
        ("en-GB", "103rd", "one hundred and third"),
        ("de", "im 3. Stock", "im dritten Stock"),
        ("de", "das 21. Jahrhundert", "das einundzwanzigste Jahrhundert"),
        ("fr", "1er, 1re, 2e, 21e et 81ème", "premier, première, deuxième, vingt et unième et quatre-vingt-unième"),
        ("es", "1.º, 1.ª y 1er piso", "primero, primera y primer piso"),
        ("en", "Elizabeth II", "Elizabeth the second"),
        ("en", "Chapter IV", "Chapter four"),
        ("en", "World War II", "World War two"),
        ("en", "What Charles I know", "What Charles I know"),
        ("en", "Vitamin C and I", "Vitamin C and I"),
        ("de", "Ludwig XIV. war", "Ludwig der vierzehnte war"),
        ("fr", "Louis XIV au XIXe siècle", "Louis quatorze au dix-neuvième siècle"),
        ("fr", "François Ier", "François premier"),
        ("es", "Felipe VI y Alfonso XIII", "Felipe sexto y Alfonso trece"),
        ("es", "siglo XXI", "siglo veintiuno"),
        ("fr", "Le salon, Le XVe et la Ve", "Le salon, Le quinzième et la cinquième"),
        ("de", "Das war im 21. Jahrhundert", "Das war im einundzwanzigsten Jahrhundert"),
    ],
)
def test_ordinals(language: str, text: str, spoken: str) -> None:
    assert normalize(text, language) == spoken
