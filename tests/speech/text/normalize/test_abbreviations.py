"""Abbreviations."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.speech.text.normalize import normalize


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "text", "spoken"),
    [
        (
            "en",
            "Dr. Smith of Main St. knows, e.g. Mrs. Hill, etc.",
            "Doctor Smith of Main Street knows, for example Missus Hill, et cetera.",
        ),
        ("en", "approx. 5 vs. 6", "approximately five versus six"),
        ("en", "max. 5 min.", "maximum five minutes"),
        ("en", "w/ milk, w/o sugar, 50/50", "with milk, without sugar, fifty-fifty"),
        ("en", "CO2 and PM2.5", "C O two and P M two point five"),
        ("en", "TV, LED, USB and Wi-Fi", "TV, LED, USB and Wi-Fi"),
        (
            "de",
            "z. B. Dr. Müller, d. h. ca. 5 bzw. mehr usw.",
            "zum Beispiel Doktor Müller, das heißt circa fünf beziehungsweise mehr und so weiter.",
        ),
        ("de", "Hauptstr. 5", "Hauptstraße fünf"),
        ("de", "CO2", "C O zwei"),
        (
            "fr",
            "M. Dupont et Mme Durand, p. ex. ici, etc.",
            "Monsieur Dupont et Madame Durand, par exemple ici, et cetera.",
        ),
        (
            "es",
            "El Sr. Pérez y la Sra. Gil, p. ej. en EE. UU., etc.",
            "El Señor Pérez y la Señora Gil, por ejemplo en Estados Unidos, etcétera.",
        ),
        ("es", "aprox. 5", "aproximadamente cinco"),
    ],
)
def test_abbreviations(language: str, text: str, spoken: str) -> None:
    assert normalize(text, language) == spoken
