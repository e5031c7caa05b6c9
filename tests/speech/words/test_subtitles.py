"""Subtitles that players accept and people can read."""

import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.speech.words import SpokenWord, to_json, to_srt, to_vtt
from wyoming_openspeakers.speech.words.cues import LONGEST, MOST_CHARACTERS, cues


def words_of(text: str, seconds: float = 0.3) -> list[SpokenWord]:
    return [SpokenWord(word, at * seconds, at * seconds + 0.8 * seconds) for at, word in enumerate(text.split())]


TEXTS = st.lists(
    st.tuples(
        st.text(st.sampled_from("abcdefg<>&-.,!東今"), min_size=1, max_size=60),
        st.floats(0, 2),
        st.floats(0, 1.5),
    ),
    max_size=16,
)


def laid_out(raw: list[tuple[str, float, float]]) -> list[SpokenWord]:
    words, now = [], 0.0
    for text, pause, length in raw:
        words.append(SpokenWord(text, now + pause, now + pause + length))
        now += pause + length
    return words


@settings(deadline=None, max_examples=60)
@given(TEXTS)
def test_every_word_once_in_order_without_overlap_in_short_lines(raw: list[tuple[str, float, float]]) -> None:
    words = laid_out(raw)
    made = cues(words)
    shown = "".join(word.text for cue in made for line in cue.lines for word in line)
    assert shown == "".join(word.text for word in words)
    assert all(one.end <= other.start for one, other in pairwise(made))
    assert all(cue.start < cue.end for cue in made)
    for block in to_srt(words).split("\n\n"):
        lines = block.strip("\n").split("\n")[2:]
        assert len(lines) <= 2
        assert all(len(line) <= MOST_CHARACTERS for line in lines)


@settings(deadline=None, max_examples=40)
@given(TEXTS)
def test_times_inside_a_vtt_cue_rise_and_text_is_escaped(raw: list[tuple[str, float, float]]) -> None:
    for block in to_vtt(laid_out(raw)).split("\n\n")[1:]:
        timing, *lines = block.strip("\n").split("\n")
        begin, end = timing.split(" --> ")
        text = "\n".join(lines)
        inside = re.findall(r"<(\d\d:\d\d:\d\d\.\d{3})>", text)
        times = [begin, *inside, end]
        assert times == sorted(set(times))
        rest = re.sub(r"<[\d:.]+>|&(amp|lt|gt);", "", text)
        assert not set("<>&") & set(rest)


def test_cues_end_where_sentences_do() -> None:
    text = "The front door is open. Somebody has left it so since this morning. Please close it, or it gets cold."
    shown = [" ".join(word.text for line in cue.lines for word in line) for cue in cues(words_of(text))]
    assert len(shown) > 1
    assert all(one.endswith((".", ",")) for one in shown)


def test_a_long_sentence_is_cut_at_its_clauses() -> None:
    text = "When the sun has gone down behind the hills, the lights in the garden come on, and the gate is locked."
    made = cues(words_of(text, 0.4))
    assert [cue.lines[-1][-1].text for cue in made][-1] == "locked."
    assert all(cue.lines[-1][-1].text[-1] in ",." for cue in made)
    assert all(cue.end - cue.start <= LONGEST for cue in made)


def test_a_short_cue_is_shown_for_a_second() -> None:
    (cue,) = cues([SpokenWord("Yes.", 0.1, 0.4)])
    assert cue.end - cue.start == 1.0


def test_srt() -> None:
    words = [SpokenWord("Hello,", 0.05, 0.4), SpokenWord("<world>", 3661.5, 3662.75)]
    assert to_srt(words) == (
        "1\n00:00:00,050 --> 00:00:01,050\nHello,\n\n2\n01:01:01,500 --> 01:01:02,750\n<world>\n"
    )


def test_vtt() -> None:
    words = [SpokenWord("Tom", 0.05, 0.4), SpokenWord("&", 0.5, 0.6), SpokenWord("<b>", 0.6, 1.25)]
    assert to_vtt(words) == (
        "WEBVTT\n\n00:00:00.050 --> 00:00:01.250\nTom <00:00:00.500>&amp; <00:00:00.600>&lt;b&gt;\n"
    )


def test_no_words_make_empty_files() -> None:
    assert to_srt([]) == "" and to_vtt([]) == "WEBVTT\n" and to_json([]) == "[]"


def test_json() -> None:
    assert to_json([SpokenWord("Grüß,", 0.12345, 1)]) == '[{"text": "Grüß,", "start": 0.123, "end": 1}]'
