"""What those who watch a job are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

JobEventType = Literal["queued", "loading", "generating", "audio_chunk", "progress", "complete", "failed", "cancelled"]


@dataclass(frozen=True)
class JobEvent:
    """One thing that happened.

    `queued` has `position`, `audio_chunk` has `audio` (s16le mono), `index`, `rate` and `start` in seconds, `progress`
    has `progress` from 0 to 1 and the `seconds` spoken so far, `complete` has `duration` and `format`, `failed` has
    `error`.
    """

    type: JobEventType
    data: Mapping[str, Any] = field(default_factory=dict)


def chunk(audio: bytes, index: int, rate: int, offset: int) -> JobEvent:
    """Audio that begins so many bytes after the first."""
    return JobEvent("audio_chunk", {"audio": audio, "index": index, "rate": rate, "start": offset / 2 / rate})
