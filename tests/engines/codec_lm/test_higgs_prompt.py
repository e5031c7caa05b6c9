"""What Higgs is told before it speaks."""

from __future__ import annotations

import pytest

from wyoming_openspeakers.engines.codec_lm.higgs_prompt import (
    INSTRUCTIONS,
    INSTRUCTIONS_FOR_SPEAKERS,
    SOUNDS,
    begins_with_speaker,
    conversation,
    last_speaker,
    readable,
)


def texts(turns: list[dict[str, object]], role: str) -> list[str]:
    return [
        item["text"]
        for turn in turns
        if turn["role"] == role and isinstance(turn["content"], list)
        for item in turn["content"]
        if item["type"] == "text"
    ]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Good morning", "Good morning."),
        ("Really?", "Really?"),
        ("你好，世界。", "你好, 世界."),
        ("He said (softly) “yes”", 'He said softly "yes"'),
        ("That is funny [laugh]", f"That is funny {SOUNDS['[laugh]']}"),
        ("Stop <|eot_id|>here<|AUDIO_OUT|>", "Stop here."),
    ],
)
def test_texts_are_as_the_model_knows_them(text: str, read: str) -> None:
    assert readable(text) == read


def test_a_plain_text_is_one_turn_in_a_scene() -> None:
    turns = conversation("Hello", [], scene="In a hall.")
    assert [turn["role"] for turn in turns] == ["system", "scene", "user"]
    assert texts(turns, "system") == [INSTRUCTIONS]
    assert texts(turns, "scene") == ["In a hall."]
    assert texts(turns, "user") == ["Hello."]
    assert [turn["role"] for turn in conversation("Hello", [], scene=" ")] == ["system", "user"]


def test_a_manner_describes_the_speaker() -> None:
    assert texts(conversation("Hello", [], manner="feminine"), "scene")[1:] == ["SPEAKER0: feminine"]


def test_what_was_heard_before_is_told_with_its_sound() -> None:
    turns = conversation("Now", ["Then"], is_cloned=True)
    assert [turn["role"] for turn in turns] == ["system", "scene", "user", "assistant", "user"]
    assert texts(turns, "user") == ["Then.", "Now."]


def test_speakers_are_described_unless_one_is_cloned() -> None:
    text = "[SPEAKER1] No. [SPEAKER0] Yes."
    turns = conversation(text, [])
    assert texts(turns, "system") == [INSTRUCTIONS_FOR_SPEAKERS]
    assert texts(turns, "scene")[1:] == ["SPEAKER0: feminine", "SPEAKER1: masculine"]
    cloned = conversation(text, ["I am here."], is_cloned=True)
    assert len(texts(cloned, "scene")) == 1
    assert texts(cloned, "user") == ["[SPEAKER0] I am here.", text]


def test_who_speaks_is_found() -> None:
    assert last_speaker("[SPEAKER0] One. [SPEAKER2] Two.") == "[SPEAKER2]"
    assert last_speaker("One.") == ""
    assert begins_with_speaker(" [SPEAKER1] One.") and not begins_with_speaker("One [SPEAKER1]")
