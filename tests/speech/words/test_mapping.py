"""Written words get the times of what was spoken for them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.speech.text.normalize import normalize
from wyoming_openspeakers.speech.words.mapping import written_spans
from wyoming_openspeakers.speech.words.tokens import split_words


def read(word: str) -> str:
    return normalize(word, "en-US")


def said_for(text: str, spoken: str) -> list[str]:
    """What was spoken for each written word, when each spoken word takes a second."""
    words = split_words(spoken)
    spans = written_spans(split_words(text), words, [(float(at), at + 1.0) for at in range(len(words))], read)
    assert all(start <= end for start, end in spans)
    return [" ".join(words[round(start) : round(end)]) for start, end in spans]


@pytest.mark.parametrize(
    ("text", "spoken", "parts"),
    [
        ("The lights, please.", "the lights please", ["the", "lights", "please"]),
        ("In 2026 we go.", "In twenty twenty-six we go.", ["In", "twenty twenty-six", "we", "go."]),
        ("Dr. Smith is in.", "Doctor Smith is in.", ["Doctor", "Smith", "is", "in."]),
        (
            "It costs $9.99 at 7:30 today",
            "It costs nine dollars and ninety-nine cents at seven thirty today",
            ["It", "costs", "nine dollars and ninety-nine cents", "at", "seven thirty", "today"],
        ),
        ("Hej Siobhan now", "Hej shivawn now", ["Hej", "shivawn", "now"]),
        ("It is 12 °C.", "It is twelve degrees Celsius.", ["It", "is", "twelve", "degrees Celsius."]),
    ],
)
def test_finds_what_was_spoken_for_a_word(text: str, spoken: str, parts: list[str]) -> None:
    assert said_for(text, spoken) == parts


def test_words_that_were_spoken_as_one_share_its_time() -> None:
    spans = written_spans(["New", "York"], ["Newyork"], [(1.0, 2.4)], lambda word: word)
    assert [time for span in spans for time in span] == pytest.approx([1.0, 1.6, 1.6, 2.4])


def test_nothing_spoken_leaves_words_without_length() -> None:
    assert written_spans(["a"], [], [], lambda word: word) == [(0.0, 0.0)]


WORDS = st.lists(st.text(st.sampled_from("abcde19%"), min_size=1, max_size=6), min_size=1, max_size=8)


@settings(deadline=None, max_examples=60)
@given(WORDS, WORDS)
def test_times_are_in_order_and_cover_all(written: list[str], spoken: list[str]) -> None:
    times = [(float(at), at + 0.9) for at in range(len(spoken))]
    spans = written_spans(written, spoken, times, lambda word: word)
    assert len(spans) == len(written)
    assert spans[0][0] == 0 and spans[-1][1] == pytest.approx(times[-1][1])
    starts = [start for start, _ in spans]
    assert starts == sorted(starts)
