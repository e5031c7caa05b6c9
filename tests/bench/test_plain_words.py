"""Speech and its transcript are written in one way."""

from __future__ import annotations

import pytest
from bench.house_talk import HOUSE_TALK
from bench.plain_words import plain_words
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("said", "transcript"),
    [
        ("seven thirty", "7:30"),
        ("It's seven thirty p.m.", "it is 7.30pm."),
        ("seven thirty p.m.", "7:30 P.M."),
        ("eight oh five", "8.05"),
        ("at eight oh five.", "at 8:05."),
        ("eighteen forty five", "1845"),
        ("six o'clock", "6:00"),
        ("twenty one point five degrees Celsius", "21.5°C"),
        ("minus five degrees", "-5 degrees"),
        ("sixty percent", "60%"),
        ("eighty four dollars and fifty cents", "$84.50"),
        ("thirty two cents", "$0.32"),
        ("one thousand thirteen", "1,013"),
        ("two thousand three hundred and fifty watts", "2350 W"),
        ("one hundred and twenty-six litres", "126 liters"),
        ("twenty nineteen", "2019"),
        ("two thousand nineteen", "2019"),
        ("nineteen ninety nine", "1999"),
        ("three million two hundred thousand and five", "3,200,005"),
        ("one hundred five thousand two hundred", "105200"),
        ("November twenty first", "November 21st"),
        ("December fourteenth", "December 14"),
        ("the fifth door", "the 5th door"),
        ("the thirtieth", "the 30th"),
        ("the C O two level", "the CO2 level"),
        ("thirty five kilometres per hour", "35 km/h"),
        ("Doctor Miller's office", "Dr. Miller's office"),
        ("we cannot say", "we can't say"),
        ("kilowatt-hours", "kilowatt hours"),
        ("between two and four", "between 2 and 4"),
    ],
)
def test_said_and_written_are_the_same(said: str, transcript: str) -> None:
    assert plain_words(said) == plain_words(transcript)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("seventeen", "seventy"),
        ("seven thirty", "seven thirteen"),
        ("nine fifteen", "nine fifty"),
        ("twenty one point five", "twenty one five"),
        ("minus five", "five"),
        ("four p.m.", "four a.m."),
        ("fifty percent", "fifty"),
        ("two and four", "twenty four"),
        ("two thousand", "two hundred"),
        ("eight oh five", "eight fifty"),
        ("five degrees Celsius", "five degrees C"),
        ("two hundred three", "two hundred three hundred"),
        ("between two and four", "between two and for"),
    ],
)
def test_what_differs_stays_different(one: str, other: str) -> None:
    assert plain_words(one) != plain_words(other)


def test_numbers_are_one_word_each() -> None:
    assert plain_words("The bus leaves at 8.05, not at eight twenty five.") == (
        ["the", "bus", "leaves", "at", "805", "not", "at", "825"]
    )


def test_a_list_of_numbers_does_not_run_together() -> None:
    assert plain_words("four, five, and six") == ["4", "5", "and", "6"]


@pytest.mark.slow
@given(st.integers(0, 999_999))
@settings(deadline=None, max_examples=200)
def test_every_number_reads_as_its_digits(number: int) -> None:
    rbnf = pytest.importorskip("unicode_rbnf")
    spoken = rbnf.RbnfEngine.for_language("en").format_number(number).text
    assert plain_words(spoken) == [str(number)]


@pytest.mark.slow
@given(st.text(max_size=60))
@settings(deadline=None, max_examples=200)
def test_anything_can_be_read(text: str) -> None:
    assert all(word.isalnum() or "." in word for word in plain_words(text))


def test_the_corpus_leaves_no_digits_to_the_reader() -> None:
    assert len(HOUSE_TALK) == 60
    assert len({line.written for line in HOUSE_TALK}) == 60
    spoken = "".join(line.spoken for line in HOUSE_TALK)
    assert not [letter for letter in spoken if letter.isdigit() or letter in "%°$*#["]
