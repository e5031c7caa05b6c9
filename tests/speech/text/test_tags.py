"""Marks for engines pass the text front whole, and are never cut off from their sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.speech.text.stream import TextOptions, TextStream
from wyoming_openspeakers.speech.text.tags import FIRST, NONE, Tags

SOUNDS = ("<laugh>", "<sigh>", "[laugh]", "[humming start]", "(laughs)")
SPEAKERS = ("[S1]", "[S2]", "[SPEAKER0]")
TAGS = Tags(SOUNDS, SPEAKERS)


def spoken(chunks: Iterable[str] | str, tags: Tags = TAGS, first_limit: int | None = None, **options: Any) -> list[str]:
    """The segments of a text as they are written."""
    stream = TextStream(TextOptions(tags=tags, **options), first_limit)
    chunks = [chunks] if isinstance(chunks, str) else chunks
    segments = [segment for chunk in chunks for segment in stream.feed(chunk)]
    return [tags.written(segment) for segment in (*segments, *stream.finish())]


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("That is <laugh> so good. And more.", ["That is <laugh> so good.", "And more."]),
        ("That is <LAUGH> so [Laugh] good.", ["That is <laugh> so [laugh] good."]),
        ("I see (laughs). Well (she said) no.", ["I see (laughs).", "Well (she said) no."]),
        ("**Oh** <laugh> [yes](https://x.y), <b>no</b>.", ["Oh <laugh> yes, no."]),
        ("Oh [laugh](loudly).", ["Oh [laugh](loudly)."]),
        ("- [laugh] one\n- two", ["[laugh] one.", "two."]),
        (r"Say \<laugh> and `<laugh>`.", ["Say <laugh> and <laugh>."]),
        ("Now [humming start] la la [humming", ["Now [humming start] la la [humming"]),
        ("x < laugh > y", ["x < laugh > y"]),
        ("(lAUGHS) (Kaughs) (ſİgh)", ["(laughs) (Kaughs) (ſİgh)"]),
    ],
)
def test_marks_are_neither_markup_nor_words(text: str, segments: list[str]) -> None:
    assert spoken(text) == segments


@pytest.mark.parametrize("markup", [True, False])
def test_only_marks_that_an_engine_knows_are_kept(markup: bool) -> None:
    text = "Hi <laugh> there <b>you</b> (laughs)."
    assert spoken(text, markup=markup)[0].startswith("Hi <laugh> there")
    assert ("<b>" in spoken(text, markup=markup)[0]) is not markup
    without = spoken(text, NONE, markup=markup)
    assert without == (["Hi there you (laughs)."] if markup else [text])


def test_marks_go_with_the_sentence_that_follows() -> None:
    assert spoken("That is funny! <laugh> Anyway.") == ["That is funny!", "<laugh> Anyway."]
    assert spoken("That is funny!\n<laugh>\n<sigh>\nAnyway.") == ["That is funny!", "<laugh> <sigh> Anyway."]


def test_a_mark_at_the_end_is_heard_too() -> None:
    assert spoken("That is funny! <laugh>") == ["That is funny!", "<laugh>"]
    assert spoken("<laugh>") == ["<laugh>"]
    # Nobody has anything to say.
    assert spoken("Bye.\n[S2]\n[S1]") == ["Bye."]


def test_each_segment_says_who_speaks() -> None:
    text = "Well. [S1] Hello there. How are you? [S2] Fine. (laughs)\nAnd you? [S1] Me too."
    assert spoken(text) == [
        "Well.", "[S1] Hello there.", "[S1] How are you?", "[S2] Fine.", "[S2] (laughs) And you?", "[S1] Me too.",
    ]  # fmt: skip


def test_a_speaker_in_the_middle_goes_on_afterwards() -> None:
    assert spoken("[S1] I said, [S2] he said. So it was.") == ["[S1] I said, [S2] he said.", "[S2] So it was."]


def test_another_text_goes_on_with_the_same_speaker() -> None:
    stream = TextStream(TextOptions(markup=False, tags=TAGS))
    texts = ["Hi", "[S2] One. Two", "Three. ", "[S1]", "Four."]
    said = [[TAGS.written(each) for each in stream.feed(text) + stream.finish()] for text in texts]
    assert said == [["Hi"], ["[S2] One.", "[S2] Two"], ["[S2] Three."], [], ["[S1] Four."]]


def test_a_long_sentence_is_not_cut_in_a_mark() -> None:
    text = "one two three four [humming start] five six seven eight nine ten eleven"
    for most in range(20, 60):
        segments = spoken(text, max_segment=most)
        assert "[humming start]" in " ".join(segments)
        assert sum(segment.count("[humming start]") for segment in segments) == 1


def test_a_pause_in_a_stream_does_not_cut_a_mark() -> None:
    stream = TextStream(TextOptions(tags=TAGS))
    assert stream.feed("It is very funny to me <lau") == []
    assert stream.flush() == ["It is very funny to me"]
    assert stream.pending
    assert [TAGS.written(each) for each in stream.feed("gh> today. ")] == ["<laugh> today."]
    assert not stream.pending


_PIECES = [*SOUNDS, *SPEAKERS, "<lau", "gh>", "[S", "1]", "(la", "[hum", "<", "[", "(", "Hello", " ", ". ", "! ", "\n",
           ", ", "**", "`", "- ", "](x)", "<b>", "https://x.y/", chr(FIRST), "3", "é", "你好。", "<sİgh>",
           "<ſigh>"]  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(
    text=st.lists(st.sampled_from(_PIECES), max_size=30).map("".join),
    size=st.integers(1, 9),
    first=st.sampled_from([None, 25]),
    markup=st.booleans(),
)
def test_segments_do_not_depend_on_chunks(text: str, size: int, first: int | None, markup: bool) -> None:
    chunks = [text[begin : begin + size] for begin in range(0, len(text), size)]
    assert spoken(chunks, first_limit=first, markup=markup) == spoken(text, first_limit=first, markup=markup)


@settings(deadline=None, max_examples=200)
@given(
    parts=st.lists(st.sampled_from([*SOUNDS, "Hello", "world.", "you,", "No!"]), max_size=20),
    size=st.integers(1, 9),
)
def test_no_mark_is_lost_and_none_is_made(parts: list[str], size: int) -> None:
    text = " ".join(parts)
    chunks = [text[begin : begin + size] for begin in range(0, len(text), size)]
    assert " ".join(spoken(chunks, max_segment=40)).split() == text.split()


def test_characters_for_private_use_are_no_marks() -> None:
    assert spoken(f"Hello {chr(FIRST)}there.") == ["Hello there."]


@pytest.mark.parametrize(
    ("text", "known", "kept"),
    [
        ("Hi <laugh> there", ("<laugh>",), "Hi <laugh> there"),
        ("Hi <laugh> there", (), "Hi there"),
        ("<laugh> Hi there <laugh>, you <laugh>.", (), "Hi there, you."),
        ("[S1] Hi <laugh> [laugh]you", ("[Laugh]",), "Hi [laugh]you"),
        ("<laugh> [S1]", (), ""),
    ],
)
def test_marks_that_an_engine_does_not_know_leave_no_gap(text: str, known: tuple[str, ...], kept: str) -> None:
    stream = TextStream(TextOptions(tags=TAGS))
    (segment,) = stream.feed(text) + stream.finish()
    assert TAGS.written(TAGS.keep(segment, known)).removeprefix("[S1] ") == kept


def test_many_marks_without_words_take_little_room() -> None:
    stream = TextStream(TextOptions(tags=TAGS))
    for _ in range(3):
        assert all(len(segment) <= 600 for segment in stream.feed("<laugh>\n" * 2000))
    assert sum(map(len, stream.finish())) <= 600


def test_without_marks_nothing_is_different() -> None:
    assert not NONE and NONE.keep("a", ()) == NONE.written("a") == "a"
    assert not NONE.has_any("a") and not NONE.has_sound("a")
