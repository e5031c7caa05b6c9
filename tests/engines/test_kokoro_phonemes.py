from __future__ import annotations

import importlib.util

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.engines.base import ModelSpec
from wyoming_openspeakers.engines.kokoro_phonemes import ESPEAK_VOICES, advice, missing, phonemizer, pieces

needs_espeak = pytest.mark.skipif(
    importlib.util.find_spec("espeakng_loader") is None, reason="the extra [espeak] is not installed"
)

EXPECTED = {
    "es": ("Hola, ¿cómo estás? Es chévere.", "ˈola, ¿kˈomo estˈas? ˈes ʧˈeβeɾe."),
    "fr-FR": ("Bonjour ! Il fait vingt et un degrés…", "bɔ̃ʒˈuʁ ! il fˈɛ vˈɛ̃t e œ̃ dəɡʁˈe…"),
    "it": ("Buongiorno: gli gnocchi.", "bʊonʤˈɔrno: ʎɪ ɲˈokːɪ."),
    "pt-BR": ("Bom dia!", "bˈoŋ ʤˈiæ!"),
    "hi": ("नमस्ते।", "nəmˈʌsteː"),
}


@needs_espeak
@pytest.mark.parametrize("language", EXPECTED)
def test_espeak_gives_kokoros_letters_and_keeps_the_marks(language: str) -> None:
    text, expected = EXPECTED[language]
    assert phonemizer(language)(text) == expected


@needs_espeak
def test_every_language_has_a_voice_of_its_own() -> None:
    """espeak keeps the last voice when it does not know one, and nobody would notice."""
    spoken = {language: phonemizer(language)("radio") for language in ESPEAK_VOICES}
    assert len(set(spoken.values())) >= 4
    phonemizer("es")("hola")
    assert phonemizer("fr-FR")("vingt") == "vˈɛ̃"


@needs_espeak
def test_words_of_another_language_leave_no_flags() -> None:
    assert "(" not in phonemizer("fr-FR")("le weekend")


@pytest.mark.slow
def test_english_needs_no_espeak() -> None:
    assert phonemizer("en-US")("Hello there.") == "həlˈO ðˈɛɹ."
    assert phonemizer("en-GB")("Hello there.") == "həlˈQ ðˈɛː."


def test_tells_what_a_language_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ModelSpec, "has_package", lambda self, name: False)
    needed = {language: missing(language, ModelSpec("k", "kokoro")) for language in ("en-US", "fr-FR", "ja", "zh")}
    assert needed == {"en-US": "english", "fr-FR": "espeak", "ja": "kokoro-ja", "zh": "kokoro-zh"}


def test_says_how_to_install_it_where_the_model_runs() -> None:
    own, other = ModelSpec("k", "kokoro"), ModelSpec("k", "kokoro", packages_path="/elsewhere")
    assert advice(["espeak", "kokoro-ja"], own) == "pip install 'wyoming-openspeakers[espeak,kokoro-ja]'"
    assert advice(["espeak", "english"], other) == "pip install espeakng-loader hibari-tts, in its environment"


@given(st.text("ab ,.!", max_size=200), st.integers(1, 40))
@settings(max_examples=200, deadline=None)
def test_pieces_are_short_and_lose_nothing(phonemes: str, most: int) -> None:
    found = pieces(phonemes, most)
    assert all(0 < len(piece) <= most for piece in found)
    assert "".join(found).replace(" ", "") == phonemes.replace(" ", "")


def test_pieces_end_where_a_speaker_would_breathe() -> None:
    assert pieces("one two. three, four five", 20) == ["one two.", "three, four five"]
    assert pieces("one two three, four five", 20) == ["one two three,", "four five"]
    assert pieces("one two three four five", 20) == ["one two three four", "five"]
    assert pieces("abcdefgh", 3) == ["abc", "def", "gh"]
    assert pieces("short.", 20) == ["short."]
