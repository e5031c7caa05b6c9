"""Numbers with units."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.speech.text.normalize import normalize


@pytest.mark.parametrize(
    ("language", "text", "spoken"),
    [
        ("en", "It is -5°C now.", "It is minus five degrees Celsius now."),
        ("en", "72 °F", "seventy-two degrees Fahrenheit"),
        ("en", "1 °C", "one degree Celsius"),
        ("en", "45°", "forty-five degrees"),
        ("de", "-5 °C", "minus fünf Grad Celsius"),
        ("de", "1 °C", "ein Grad Celsius"),
        ("de", "21.5 °C", "einundzwanzig Komma fünf Grad Celsius"),
        ("fr", "−5 °C", "moins cinq degrés Celsius"),
        ("fr", "1,5 °C", "un virgule cinq degré Celsius"),
        ("es", "21 ºC", "veintiún grados Celsius"),
        ("en", "5-10 °C", "five to ten degrees Celsius"),
        ("en", "-10–-5 °C", "minus ten to minus five degrees Celsius"),
        ("en", "5 °C - 10 °C", "five degrees Celsius to ten degrees Celsius"),
        ("de", "5-10 °C", "fünf bis zehn Grad Celsius"),
        ("fr", "5-10 °C", "cinq à dix degrés Celsius"),
        ("es", "5–10 °C", "cinco a diez grados Celsius"),
        ("en", "1 kWh", "one kilowatt hour"),
        ("en", "1.5kWh", "one point five kilowatt hours"),
        ("de", "1 kWh", "eine Kilowattstunde"),
        ("de", "1,5 kWh", "eins Komma fünf Kilowattstunden"),
        ("fr", "1,5 kWh", "un virgule cinq kilowattheure"),
        ("fr", "2 kWh", "deux kilowattheures"),
        ("es", "1,5 kWh", "uno coma cinco kilovatios hora"),
        ("en", "50%", "fifty percent"),
        ("de", "50 %", "fünfzig Prozent"),
        ("fr", "50 %", "cinquante pour cent"),
        ("es", "21 %", "veintiún por ciento"),
        ("en", "100 km/h and 5 m/s", "one hundred kilometers per hour and five meters per second"),
        ("en-GB", "2 km and 5 L", "two kilometres and five litres"),
        ("de", "1 km/h", "ein Kilometer pro Stunde"),
        ("es", "80 km/h", "ochenta kilómetros por hora"),
        ("fr", "80 km/h", "quatre-vingts kilomètres heure"),
        ("en", "12 µg/m³", "twelve micrograms per cubic meter"),
        ("de", "12 µg/m³", "zwölf Mikrogramm pro Kubikmeter"),
        ("fr", "12 µg/m³", "douze microgrammes par mètre cube"),
        ("es", "12 µg/m³", "doce microgramos por metro cúbico"),
        ("en", "7 l/100km", "seven liters per one hundred kilometers"),
        ("en", "300 Mbps or 300 Mbit/s", "three hundred megabits per second or three hundred megabits per second"),
        (
            "en",
            "420 ppm, 1013.25 hPa, 300 lx, 60 dB",
            "four hundred twenty parts per million, one thousand thirteen point two five hectopascals, "
            "three hundred lux, sixty decibels",
        ),
        (
            "en",
            "16 A, 230V, 5 VA, 900 mAh",
            "sixteen amps, two hundred thirty volts, five volt amperes, nine hundred milliamp hours",
        ),
        ("en", "2700K but 4K", "two thousand seven hundred kelvins but four K"),
        ("en", "5 in 10 people", "five in ten people"),
        ("en", "0.2 in.", "zero point two inches."),
        ("en", "6 ft 2 in", "six feet two inches"),
        ("en", "8 h 30 min", "eight hours thirty minutes"),
        ("de", "1 h 5 Min.", "eine Stunde fünf Minuten"),
        ("fr", "1 h", "une heure"),
        ("es", "1 h y 21 h", "una hora y veintiuna horas"),
        ("fr", "1000000 km", "un million de kilomètres"),
        ("es", "1000000 km", "un millón de kilómetros"),
        ("fr", "50 m²", "cinquante mètres carrés"),
        ("en", "20 m2", "twenty square meters"),
        ("en", "B-52s", "B-52s"),
        ("it", "21 °C", "ventuno gradi Celsius"),
        ("nl", "3 km", "drie kilometer"),
    ],
)
def test_units(language: str, text: str, spoken: str) -> None:
    assert normalize(text, language) == spoken
