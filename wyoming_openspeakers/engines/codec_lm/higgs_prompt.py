"""What Higgs is told before it speaks: how it shall sound, who has spoken before, and what to say now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

INSTRUCTIONS = "Generate audio following instruction."

INSTRUCTIONS_FOR_SPEAKERS = (
    "You are an AI assistant designed to convert text into speech.\n"
    "If the user's message includes a [SPEAKER*] tag, do not read out the tag and generate speech for the following "
    "text, using the specified voice.\n"
    "If no speaker tag is present, select a suitable voice on your own."
)

SCENE = "Audio is recorded from a quiet room."

MANNERS = ("feminine", "masculine")
"""What speakers are like whom nobody describes, in turns."""

SPEAKER_TAGS = tuple(f"[SPEAKER{number}]" for number in range(8))

SOUNDS = {
    "[laugh]": "<SE>[Laughter]</SE>",
    "[cough]": "<SE>[Cough]</SE>",
    "[applause]": "<SE>[Applause]</SE>",
    "[cheering]": "<SE>[Cheering]</SE>",
    "[music]": "<SE>[Music]</SE>",
    "[music start]": "<SE_s>[Music]</SE_s>",
    "[music end]": "<SE_e>[Music]</SE_e>",
    "[humming start]": "<SE_s>[Humming]</SE_s>",
    "[humming end]": "<SE_e>[Humming]</SE_e>",
    "[sing start]": "<SE_s>[Singing]</SE_s>",
    "[sing end]": "<SE_e>[Singing]</SE_e>",
}
"""Sounds that a text can ask for, and what the model has learned to understand by them."""

_SPEAKER = re.compile(r"\[SPEAKER(\d)\]")
_OWN_MARKS = re.compile(r"<\|[^|<>]*\|>")
"""The model's own marks: in a text they would end the turn."""

_SIGNS = str.maketrans({
    "，": ", ", "。": ".", "：": ":", "；": ";", "？": "?", "！": "!", "（": " ", "）": " ", "【": "[", "】": "]",
    "“": '"', "”": '"', "‘": "'", "’": "'", "、": ",", "—": "-", "…": "...", "·": ".", "「": '"', "」": '"',
    "『": '"', "』": '"', "(": " ", ")": " ",
})  # fmt: skip
"""Signs that the model was not taught."""

_ENDS = (".", "!", "?", ",", ";", '"', "'", ">")


def readable(text: str) -> str:
    """A text as the model knows texts."""
    text = _OWN_MARKS.sub(" ", text).translate(_SIGNS)
    for tag, mark in SOUNDS.items():
        text = text.replace(tag, mark)
    text = " ".join(text.split())
    return text if text.endswith(_ENDS) else f"{text}."


def last_speaker(text: str) -> str:
    """The tag of who speaks at the end of a text, where that is said."""
    found = list(_SPEAKER.finditer(text))
    return found[-1].group() if found else ""


def begins_with_speaker(text: str) -> bool:
    """Whether a text says first who speaks."""
    return _SPEAKER.match(text.lstrip()) is not None


def conversation(
    text: str, before: Sequence[str], *, scene: str = SCENE, manner: str = "", is_cloned: bool = False
) -> list[dict[str, Any]]:
    """The turns of a talk for the model's chat template; `before` are the words of what was heard before."""
    said = list(before)
    speakers = sorted({int(number) for words in (text, *said) for number in _SPEAKER.findall(words)})
    lines = [_OWN_MARKS.sub(" ", scene).strip()]
    if speakers and is_cloned:
        said = [words if begins_with_speaker(words) else f"{SPEAKER_TAGS[0]} {words}" for words in said]
    elif speakers:
        lines += [f"SPEAKER{number}: {MANNERS[number % len(MANNERS)]}" for number in speakers]
    elif manner:
        lines.append(f"SPEAKER0: {manner}")
    turns = [_turn("system", [INSTRUCTIONS_FOR_SPEAKERS if speakers else INSTRUCTIONS])]
    if lines := [line for line in lines if line]:
        turns.append(_turn("scene", lines))
    for words in said:
        # The template puts a recording here, whichever.
        turns += [_turn("user", [readable(words)]), {"role": "assistant", "content": [{"type": "audio"}]}]
    return [*turns, _turn("user", [readable(text)])]


def _turn(role: str, texts: Iterable[str]) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": text} for text in texts]}
