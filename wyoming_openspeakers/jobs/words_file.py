"""When each word of a job is said, kept beside its audio and gone with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ..speech.words.word import SpokenWord


def words_path(audio: Path) -> Path:
    """Where the words of an audio file are."""
    return audio.with_suffix(".words.json")


def words_text(words: Sequence[SpokenWord]) -> str:
    """What stands in the file."""
    return json.dumps([asdict(word) for word in words], ensure_ascii=False)


def read_words(audio: Path) -> list[SpokenWord] | None:
    """The words of an audio file, None when nobody asked for them. Blocks."""
    path = words_path(audio)
    if not path.exists():
        return None
    return [SpokenWord(**word) for word in json.loads(path.read_text(encoding="utf-8"))]
