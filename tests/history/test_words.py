"""Words are found by their parts, in any language."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.history.words import decide, holds, split, tokens_of_text, tokens_of_texts, tokens_to_find


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("machine WASH", "The washing machine is done."),
        ("strasse", "In der Hauptstraße"),
        ("é", "Cafe\u0301"),
        ("灯", "厨房的灯"),
        ("ｆｕｌｌ", "full width"),
        ("21.5°", "It is 21.5°C"),
        ("ГОРОД", "в городе"),
    ],
)
def test_a_text_holds_words(words: str, text: str) -> None:
    assert holds(text, split(words))
    assert tokens_to_find(split(words)) <= tokens_of_text(text)


def test_words_may_stand_anywhere_but_all_of_them_must() -> None:
    assert holds("living room", split("room living"))
    assert not holds("living room", split("living rooms"))
    assert not holds("the living", split("ngr"))


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=40), st.data())
def test_what_a_text_holds_is_never_missed(text: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(text)))
    words = split(text[begin : data.draw(st.integers(begin, len(text)))])
    if holds(text, words):
        assert tokens_to_find(words) <= tokens_of_text(text)


@settings(deadline=None, max_examples=100)
@given(st.text("ab c", max_size=30), st.text("abc", min_size=1, max_size=3))
def test_short_words_are_exact(text: str, word: str) -> None:
    assert (tokens_to_find([word]) <= tokens_of_text(text)) == holds(text, [word])


def test_only_short_words_are_decided_by_their_tokens() -> None:
    for words, decided in (["a", "bcd"], True), ([], True), (["abcd"], False), (["a", "abcde"], False):
        assert decide(tokens_to_find(words), words) == decided
    many = [f"{number:03}" for number in range(30)]
    assert not decide(tokens_to_find(many), many)


def test_texts_together_have_what_each_has() -> None:
    texts = {4: "red lamp", 9: "red", 7: "blue lamp lamp"}
    together = tokens_of_texts(texts.items())
    assert {token: set(found.tolist()) for token, found in together.items()} == {
        token: {number for number, text in texts.items() if token in tokens_of_text(text)}
        for token in tokens_of_text(" ".join(texts.values()))
    }


def test_a_search_is_bounded() -> None:
    assert len(tokens_to_find(split("x" * 5000 + " ".join(map(str, range(5000)))))) <= 24
