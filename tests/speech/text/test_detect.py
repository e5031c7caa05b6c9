"""The language of short sentences."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from wyoming_openspeakers.speech.text import ngrams
from wyoming_openspeakers.speech.text.detect import LanguageDetector

_SENTENCES = {
    "en-US": [
        "The light is on", "It is 20 degrees outside", "Turn off the kitchen lights", "The front door is open",
        "Good morning", "Your washing machine is done", "The garage door is closed", "I could not find that device",
        "Someone is at the door", "Set a timer for five minutes",
    ],
    "de-DE": [
        "Das Licht ist an", "Es sind 20 Grad", "Die Waschmaschine ist fertig", "Guten Morgen", "Die Haustür ist offen",
        "Ich habe das Gerät nicht gefunden", "Heute Nachmittag wird es regnen", "Schalte die Lampe aus",
        "Jemand steht vor der Tür", "Der Akku ist fast leer",
    ],
    "fr-FR": [
        "La lumière est allumée", "Il fait 20 degrés", "La machine à laver a terminé", "Bonjour",
        "La porte d'entrée est ouverte", "Je n'ai pas trouvé cet appareil", "Il va pleuvoir cet après-midi",
        "Éteins la lampe de la cuisine", "Quelqu'un est à la porte", "Le four est prêt",
    ],
    "es-ES": [
        "Apaga la luz", "Hace 20 grados", "La lavadora ha terminado", "Buenos días", "La puerta está abierta",
        "No he encontrado ese dispositivo", "Esta tarde va a llover", "La luz de la cocina está encendida",
        "Hay alguien en la puerta", "El horno está listo",
    ],
    "it-IT": [
        "La luce è accesa", "Ci sono 20 gradi", "La lavatrice ha finito", "Buongiorno", "La porta è aperta",
        "Non ho trovato quel dispositivo", "Questo pomeriggio pioverà", "Spegni la lampada della cucina",
        "C'è qualcuno alla porta", "Il forno è pronto",
    ],
    "nl-NL": [
        "Het licht is aan", "Het is 20 graden", "De wasmachine is klaar", "Goedemorgen", "De voordeur is open",
        "Ik heb dat apparaat niet gevonden", "Vanmiddag gaat het regenen", "Doe de lamp in de keuken uit",
        "Er staat iemand voor de deur", "De oven is warm",
    ],
}  # fmt: skip


def test_short_sentences() -> None:
    detector = LanguageDetector(list(_SENTENCES))
    told = [(detector.detect(text), tag, text) for tag, texts in _SENTENCES.items() for text in texts]
    wrong = [one for one in told if one[0] != one[1]]
    assert len(wrong) <= 0.05 * len(told), wrong


def test_more_languages_make_it_hardly_harder() -> None:
    detector = LanguageDetector([*_SENTENCES, "pt-BR", "pl-PL", "sv-SE", "da-DK", "nb-NO", "cs-CZ", "ja-JP", "zh-CN"])
    told = [(detector.detect(text), tag, text) for tag, texts in _SENTENCES.items() for text in texts]
    wrong = [one for one in told if one[0] != one[1]]
    assert len(wrong) <= 0.1 * len(told), wrong


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("電気がついています", "ja-JP"), ("东京", "zh-CN"), ("电灯开着", "zh-CN"), ("불이 켜져 있습니다", "ko"),
        ("रोशनी चालू है", "hi-IN"), ("Свет включен", "ru"), ("Світло увімкнено", "uk"), ("Το φως είναι αναμμένο", "el"),
        ("Play Despacito in the kitchen", "en-GB"), ("Sonos のスピーカーをつけて", "ja-JP"), ("สวัสดี", None),
        ("", None), ("20", None), ("42 °C", None), ("😀", None),
    ],
)  # fmt: skip
def test_scripts(text: str, tag: str | None) -> None:
    detector = LanguageDetector(["en-GB", "ja-JP", "zh-CN", "ko", "hi-IN", "ru", "uk", "el", "de"])
    assert detector.detect(text) == tag


def test_the_first_tag_of_a_language_is_told() -> None:
    assert LanguageDetector(["en-GB", "en-US", "de"]).detect("The light is on") == "en-GB"
    assert LanguageDetector(["nb-NO", "de"]).detect("Lyset på kjøkkenet er slått på") == "nb-NO"


def test_an_unknown_language_is_never_told() -> None:
    assert LanguageDetector(["xx", "en"]).detect("The light is on") in ("en", None)


def test_one_language_takes_no_work() -> None:
    script = (
        "import sys; from wyoming_openspeakers.speech.text.detect import LanguageDetector as D;"
        "d = D(['de-DE', 'de-AT']); d.warm(); assert d.detect('The light') == 'de-DE';"
        "assert 'numpy' not in sys.modules and 'subprocess' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_without_the_table_nothing_is_told(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(ngrams, "load", ngrams.load.__wrapped__)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert LanguageDetector(["en", "de"]).detect("The light is on") is None
    assert "Cannot tell languages apart" in caplog.text


def test_a_call_is_quick() -> None:
    detector = LanguageDetector(["en", "de", "fr", "es", "it", "nl", "pt", "pl"])
    detector.warm()
    began = time.process_time()
    for _ in range(50):
        detector.detect("The washing machine is done and the light in the kitchen is on")
    assert (time.process_time() - began) / 50 < 0.002
