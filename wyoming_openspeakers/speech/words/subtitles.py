"""Subtitle files and JSON from spoken words."""

from __future__ import annotations

import json
from collections.abc import Iterable

from .cues import cues
from .word import SpokenWord, blank_between, joined

_ARROW = "-->"


def to_json(words: Iterable[SpokenWord]) -> str:
    """A list of `{"text", "start", "end"}`, times in seconds."""
    return json.dumps(
        [{"text": word.text, "start": round(word.start, 3), "end": round(word.end, 3)} for word in words],
        ensure_ascii=False,
    )


def to_srt(words: Iterable[SpokenWord]) -> str:
    """SubRip."""
    blocks = []
    for number, cue in enumerate(cues(words), start=1):
        text = "\n".join(joined(line).replace(_ARROW, "→") for line in cue.lines)
        begin, end = _span(cue.start, cue.end)
        blocks.append(f"{number}\n{_clock(begin, ',')} {_ARROW} {_clock(end, ',')}\n{text}\n")
    return "\n".join(blocks)


def to_vtt(words: Iterable[SpokenWord]) -> str:
    """WebVTT, with the time of each word inside the cues."""
    blocks = ["WEBVTT\n"]
    for cue in cues(words):
        begin, end = _span(cue.start, cue.end)
        lines, latest = [], begin
        for line in cue.lines:
            text = ""
            for at, word in enumerate(line):
                text += blank_between(line[at - 1], word) if at else ""
                start = _milliseconds(word.start)
                if latest < start < end:
                    text += f"<{_clock(start, '.')}>"
                    latest = start
                text += _escaped(word.text)
            lines.append(text)
        timing = f"{_clock(begin, '.')} {_ARROW} {_clock(end, '.')}"
        blocks.append("\n".join((timing, *lines)) + "\n")
    return "\n".join(blocks)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _span(start: float, end: float) -> tuple[int, int]:
    begin = _milliseconds(start)
    return begin, max(begin + 1, _milliseconds(end))


def _milliseconds(seconds: float) -> int:
    return round(1000 * seconds)


def _clock(milliseconds: int, point: str) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{thousandths:03}"
