"""What holds for every text: nothing is broken, nothing raises, nothing is slow."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.speech.text.normalize import normalize, warm

LANGUAGES = ("en", "de", "fr", "es", "en-GB", "it", "nl", "pt", "sv")
WORDS = st.text(st.characters(categories=["Ll"]), min_size=2, max_size=12).filter(lambda word: word not in ("vs", "bd"))
PIECES = st.sampled_from(
    [
        *(
            "5",
            "-5",
            "0",
            "007",
            "1,250",
            "3.5",
            "3,5",
            "1999",
            "21.5°C",
            "5-10 °C",
            "7:30",
            "19:30",
            "pm",
            "h",
            "½",
            "8/10",
        ),
        *(
            "2026-11-21",
            "21.11.2026",
            "11/21/2026",
            "$5.50",
            "3,20€",
            "1/2",
            "2.5.1",
            "192.168.1.1",
            "1st",
            "3.",
            "1er",
        ),
        *("1.º", "#5", "No.", "3:1", "2+2=4", "5x", "~20", "±", "→", "&", "kWh", "%", "km/h", "µg/m³", "XIV", "Louis"),
        *("Chapter", "May", "Mai", "mayo", "MP3", "CO2", "Dr.", "Smith", "etc.", "usw.", "z. B.", "Uhr", "+49", "030"),
        *("1234567", "Mon-Fri", "(5)", "24/7", "the", "lamp,", "code", "-", "in", "m", "="),
        *("per", "pro", "1", "l", "on", "12/14", "5'11\"", "Le", "°C", "je", "Std.", "912 34 56 78", "lun.", "au", "x"),
    ]
)
SENTENCES = st.lists(PIECES, max_size=8).map(" ".join)


@pytest.mark.slow
@given(st.lists(WORDS, max_size=10).map(" ".join), st.sampled_from(LANGUAGES))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_words_come_back_as_they_are(text: str, language: str) -> None:
    assert normalize(text, language) == text


@pytest.mark.slow
@given(st.text(max_size=60) | SENTENCES, st.sampled_from([*LANGUAGES, "zh", "xx", "", "-", "de_DE", "x" * 50]))
@settings(deadline=None, derandomize=True, max_examples=300)
def test_never_raises(text: str, language: str) -> None:
    assert isinstance(normalize(text, language), str)


@given(SENTENCES, st.sampled_from(LANGUAGES))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_own_output_comes_back_as_it_is(text: str, language: str) -> None:
    spoken = normalize(text, language)
    assert normalize(spoken, language) == spoken


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "nl", "pt"])
def test_integers_leave_no_digit_and_no_soft_hyphen(language: str) -> None:
    for number in (0, 1, 11, 21, 80, 101, 999, 1000, 1001, 21_000, 123_456):
        assert not set(normalize(str(number), language)) & set("0123456789\xad")


@pytest.mark.parametrize("language", ["", "xx", "tlh", "../en", "en.rules", "123"])
def test_an_unknown_language_changes_nothing(language: str) -> None:
    assert normalize("-5 °C at 7:30", language) == "-5 °C at 7:30"


@pytest.mark.parametrize("tag", ["en", "en_US", "en-US-x-home", "EN"])
def test_tags_are_understood_as_they_are_written(tag: str) -> None:
    assert normalize("5 km", tag) == "five kilometers"


@pytest.mark.parametrize("piece", ["1", "1/", "-", ":", "1:", "1,", "1 ", "123 ", "a@", "$", "1.2", "Mo-", "½", "("])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_time_grows_with_the_length_only(piece: str, language: str) -> None:
    warm(language)

    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        start = time.process_time()
        normalize(text, language)
        return time.process_time() - start

    short = min(seconds(2_000) for _ in range(3))
    assert seconds(16_000) < 30 * short + 0.1  # 8 times when linear, 64 times when quadratic


@pytest.mark.slow
def test_a_megabyte_of_digits_is_read() -> None:
    assert normalize("7" * 1_000_000, "en").count("seven") == 1_000_000


def test_libraries_load_with_the_first_text_only() -> None:
    code = (
        "import sys, wyoming_openspeakers.speech.text.normalize as n;"
        "print('babel' in sys.modules, 'unicode_rbnf' in sys.modules);"
        "n.warm('en'); print('babel' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["False", "False", "True"]
