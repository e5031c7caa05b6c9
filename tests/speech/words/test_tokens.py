"""Words keep the punctuation that clings to them, and every letter of the text is in one of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.speech.words.tokens import split_words
from wyoming_openspeakers.speech.words.word import SpokenWord, joined


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("Hello, world!", ["Hello,", "world!"]),
        ('He said: "No" — and left …', ["He", "said:", '"No" —', "and", "left …"]),
        ("— Yes", ["— Yes"]),
        ("50 % of it", ["50", "%", "of", "it"]),
        ("今日は、晴れ。", ["今", "日", "は、", "晴", "れ。"]),
        ("「東京」へ", ["「東", "京」", "へ"]),
        ("iPhoneを買う", ["iPhone", "を", "買", "う"]),
        ("2026年", ["2026", "年"]),
        ("ไป", ["ไ", "ป"]),
    ],
)
def test_splits(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@settings(deadline=None, max_examples=200)
@given(st.text(st.sampled_from("ab1 .,—\"「」今れ🧺%\n\u0301"), max_size=40))
def test_nothing_is_lost_once_there_is_a_word(text: str) -> None:
    words = split_words(text)
    if words:
        assert "".join("".join(words).split()) == "".join(text.split())


def test_lines_have_blanks_only_where_the_script_has_them() -> None:
    assert joined([SpokenWord(text, 0, 0) for text in ("I", "like", "東", "京。")]) == "I like東京。"


@pytest.mark.parametrize(("text", "bare"), [('"2026,"', "2026"), ("don't!", "don't"), ("—", "—"), ("°C.", "°C")])
def test_a_word_without_its_punctuation(text: str, bare: str) -> None:
    assert SpokenWord(text, 0, 0).bare == bare
