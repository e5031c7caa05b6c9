"""How a job that was spoken ended, as the history is told."""

from __future__ import annotations

import logging
from typing import Any

from ..errors import ShuttingDown, SpeechError
from ..events import SpeechEnded
from ..history.entry import Entry
from .track import Track

_LOGGER = logging.getLogger(__name__)

_NO_AUDIO = {"file": None, "bytes": 0}
"""It may have been kept already in the moment in which it was cancelled."""


def outcome(entry: Entry, track: Track, ended: SpeechEnded | None) -> dict[str, Any] | None:
    """What changes in its entry; None when it shall be spoken anew, because the service stops."""
    if track.is_cancelled:
        return {"status": "cancelled", **_NO_AUDIO, **_times(ended)}
    speaking = track.speaking
    if speaking is None or speaking.cancelled():
        return None
    if error := speaking.exception():
        if isinstance(error, ShuttingDown):
            return None
        return {"status": "failed", "error": _words(entry, error), **_NO_AUDIO, **_times(ended)}
    assert ended
    return {
        "status": "complete",
        "seconds": ended.audio,
        "model": ended.model,
        "voice": entry.voice or ended.voice,
        "profile": ended.profile,
        "language": entry.language or ended.language,
        **_times(ended),
    }


def _times(ended: SpeechEnded | None) -> dict[str, Any]:
    if ended is None:
        return {}
    return {"queued": ended.queued, "first_audio": ended.first_audio, "total": ended.total}


def _words(entry: Entry, error: BaseException) -> str:
    if isinstance(error, SpeechError):
        return str(error)
    if isinstance(error, OSError):
        _LOGGER.error("Job %s: %s", entry.id, error)
        return f"The audio cannot be written: {error.strerror}"
    _LOGGER.error("Job %s failed", entry.id, exc_info=error)
    return "It failed in a way that nobody thought of; the log of the service says more"
