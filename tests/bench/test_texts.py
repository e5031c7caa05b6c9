"""Texts for timing do not repeat."""

from __future__ import annotations

from itertools import islice

import pytest
from bench.texts import long_text, sentences, texts


@pytest.mark.parametrize("length", [0, 1, 2, None])
def test_sentences_do_not_repeat(length: int | None) -> None:
    taken = list(islice(sentences(seed=1, length=length), 1500))
    assert len(set(taken)) == len(taken)
    assert not any(letter.isdigit() for text in taken for letter in text)


def test_a_seed_gives_the_same_texts_again() -> None:
    assert list(islice(texts(seed=2), 9)) == list(islice(texts(seed=2), 9))
    assert list(islice(texts(seed=2), 9)) != list(islice(texts(seed=3), 9))


def test_texts_have_one_to_three_sentences() -> None:
    assert [text.count(".") for text in islice(texts(seed=2), 6)] == [1, 2, 3, 1, 2, 3]


def test_long_text_is_long() -> None:
    assert len(long_text(1)) > 3000
