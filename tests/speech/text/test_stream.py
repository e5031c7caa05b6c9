"""Raw text in, sentences out."""

from __future__ import annotations

import time
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_openspeakers.speech.text.stream import TextOptions, TextStream

_PIECES = [
    "Hello", "world", "the light", "is on", "Dr", "z.", "B.", "am", "3", "20", "Mai", "No", "e.g", "U.S",
    "5 * 3", "a_b",
    ".", ". ", ", ", "! ", "?", "…", "...", "\n", "\n\n", " ", "  ", "\u00a0", "\r\n", "\t", "-", "- ", "* ",
    "+ ", "# ",
    "#", "1. ", "2) ", "> ", "|", "| a | b |\n", "|---|---|\n", "**", "*", "_", "__", "~~", "~", "`", "``",
    "```", "```py\n",
    "[", "]", "(", ")", "](", "[x](y)", "![a](b)", "[^1]", "[^1]: ", "[ ] ", "<", ">", "<b>", "</b>", "<br>",
    "<!--",
    "-->", "<script>", "</script>", "&", "&amp;", "&#39;", ";", "\\", "https://www.example.com/a?b",
    "www.x.org", "h", "ttp",
    "://", "me@example.com", "😀", "👩", "\u200d", "💻", "\ufe0f", "\u20e3", "1", "🇩", "🇪", "°", "™", "你好", "。",
    "！",
    "「", "」", "か", "नमस्ते", "।", "é", "e\u0301", "«", " »", '"', "'", "---", "===",
    "x" * 30, "word " * 8, "\x00",
]  # fmt: skip
_TEXTS = st.lists(st.sampled_from(_PIECES), max_size=40).map("".join)


def _speak(chunks: Iterable[str], options: TextOptions | None = None, first_limit: int | None = None) -> list[str]:
    stream = TextStream(options or TextOptions(), first_limit)
    segments = [segment for chunk in chunks for segment in stream.feed(chunk)]
    return segments + stream.finish()


@settings(deadline=None, max_examples=250)
@given(text=_TEXTS, size=st.integers(1, 9), first=st.sampled_from([None, 25]), most=st.sampled_from([40, 300]))
def test_segments_do_not_depend_on_chunks(text: str, size: int, first: int | None, most: int) -> None:
    options = TextOptions(max_segment=most)
    chunks = [text[begin : begin + size] for begin in range(0, len(text), size)]
    assert _speak(chunks, options, first) == _speak([text], options, first)


@settings(deadline=None, max_examples=100)
@given(text=_TEXTS, most=st.sampled_from([40, 100]))
def test_segments_are_clean_and_short(text: str, most: int) -> None:
    for segment in _speak([text], TextOptions(max_segment=most)):
        assert 0 < len(segment) <= most
        assert segment == segment.strip()
        assert "\n" not in segment and "  " not in segment and "😀" not in segment
        assert any(character.isalnum() for character in segment)


@settings(deadline=None, max_examples=100)
@given(words=st.lists(st.sampled_from(["light", "kitchen", "3.5", "20", "on,", "off.", "naïve", "don't"]), max_size=60))
def test_no_word_is_lost_or_cut(words: list[str]) -> None:
    text = " ".join(words)
    assert " ".join(_speak([text], TextOptions(max_segment=40))).split() == words


@settings(deadline=None, max_examples=80)
@given(words=st.lists(st.sampled_from(["light", "3.5", "20", "on,", "off.", "°C", "it"]), max_size=30), data=st.data())
def test_a_flush_anywhere_cuts_no_word(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words)
    stream, spoken = TextStream(TextOptions()), []
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        spoken += stream.feed(text[begin:end])
        if end != len(text):
            spoken += stream.flush()
    spoken += stream.finish()
    joined = " ".join(spoken).split()
    assert "".join(joined) == "".join(words)
    assert not {word.strip(".,") for word in joined} - {word.strip(".,") for word in words}


def test_a_sentence_leaves_with_the_blank_after_it() -> None:
    stream = TextStream(TextOptions())
    assert stream.feed("The light is on.") == []
    assert stream.feed(" ") == ["The light is on."]
    assert not stream.pending
    assert stream.feed("And") == []
    assert stream.pending
    assert stream.finish() == ["And"]
    assert not stream.pending


@pytest.mark.parametrize(
    ("before", "spoken", "after", "rest"),
    [
        ("Let me check that for you.", ["Let me check that for you."], " Done. ", ["Done."]),
        ("The temperature is now at 3.", ["The temperature is now at"], "5 degrees. ", ["3.5 degrees."]),
        ("The temperature is now 20", ["The temperature is now"], " °C. ", ["20 °C."]),
        ("One moment", [], " please. ", ["One moment please."]),
        ("I will look for that in the kitch", ["I will look for that in the"], "en. ", ["kitchen."]),
        ("When the sun is up, I wi", ["When the sun is up,"], "ll wake you. ", ["I will wake you."]),
        ("You can read all of this [here](http", ["You can read all of this"], "s://x.y/z). ", ["here."]),
        ("This is what it says, see https://exa", ["This is what it says,"], "mple.com/x. ", ["see example.com."]),
        ("It is very warm <b", ["It is very warm"], ">today</b>. ", ["today."]),
        ("你好。今天", ["你好。"], "天气。", ["今天天气。"]),
    ],
)
def test_flush(before: str, spoken: list[str], after: str, rest: list[str]) -> None:
    stream = TextStream(TextOptions())
    assert stream.feed(before) + stream.flush() == spoken
    assert stream.feed(after) + stream.finish() == rest


def test_each_part_can_be_turned_off() -> None:
    text = "**Hi** 😀 see https://www.example.com/a. "
    assert _speak([text]) == ["Hi see example.com."]
    assert _speak([text], TextOptions(markup=False)) == ["**Hi** see example.com."]
    assert _speak([text], TextOptions(emoji=False)) == ["Hi 😀 see example.com."]
    assert _speak([text], TextOptions(urls=False)) == ["Hi see https://www.example.com/a."]
    assert _speak(["```\nx = 1\n```\nDone."], TextOptions(code_word="Code")) == ["Code.", "Done."]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "😀", "👩‍💻 🇩🇪", "---", "**", "...", "```\ncode\n```"])
def test_nothing_to_say(text: str) -> None:
    assert _speak([text]) == []


_HOSTILE = [
    "(",
    "*",
    "a.",
    "<",
    "[",
    "x",
    "`a",
    "[a](",
    "[a[",
    "- ",
    "_a*",
    "&a",
    "😀",
    '?"',
    "a, ",
    "<a ",
    "1. ",
    "![",
]


@pytest.mark.parametrize("unit", [*_HOSTILE, "[[]", "`", "你", "\\", "[x](y ", "http://", "x 3. M", "|", "<!--"])
@pytest.mark.parametrize(("size", "length"), [(None, 4_000), (1, 700)])
def test_time_is_linear(unit: str, size: int | None, length: int) -> None:
    def seconds(factor: int) -> float:
        text = "```\n" * (unit == "`") + unit * (factor * length // len(unit))
        chunks = [text] if size is None else [text[begin : begin + size] for begin in range(len(text))]
        best = float("inf")
        for _ in range(2):
            began = time.process_time()
            _speak(chunks, first_limit=50)
            best = min(best, time.process_time() - began)
        return best

    assert seconds(4) < 10 * seconds(1) + 0.02


def test_memory_is_bounded() -> None:
    for unit in _HOSTILE:
        stream = TextStream(TextOptions())
        for _ in range(4):
            stream.feed(unit * 1000)
        left = sum(map(len, stream.finish()))
        assert left < 5000, unit
