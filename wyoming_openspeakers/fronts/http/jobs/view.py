"""Entries of the history as HTTP clients see them."""

from __future__ import annotations

from typing import Any

from ....history.entry import OVER, Entry
from ....jobs.jobs import Jobs
from ....jobs.request import ATTEMPTS
from .types import HistoryItem, Job, milliseconds, moment

JOBS = "/api/tts/jobs"


class JobView:
    """Shows jobs with what only the running service knows of them."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def job(self, entry: Entry) -> Job:
        """A job."""
        progress = 1.0 if entry.status == "complete" else self._jobs.progress(entry.id) or 0.0
        parameters = _as_asked(entry)
        has_audio = entry.status == "complete" and entry.file is not None
        return Job(
            id=entry.id,
            model_id=entry.model,
            text=entry.text,
            voice_id=entry.voice,
            voice_profile_id=entry.profile,
            parameters=parameters,
            status=entry.status,
            error_message=entry.error,
            duration_seconds=entry.seconds,
            processing_time_ms=milliseconds(entry.total),
            created_at=moment(entry.created),
            completed_at=None if entry.completed is None else moment(entry.completed),
            batch_id=entry.batch,
            language=entry.language,
            format=entry.format,
            progress=progress,
            position=self._jobs.position(entry.id),
            first_audio_ms=milliseconds(entry.first_audio),
            audio_url=f"{JOBS}/{entry.id}/audio" if has_audio else None,
            words_url=f"{JOBS}/{entry.id}/words" if has_audio and parameters.get("words") else None,
        )

    def item(self, entry: Entry) -> HistoryItem:
        """An entry of any kind."""
        has_audio = entry.status in OVER and entry.file is not None
        return HistoryItem(
            id=entry.id,
            kind=entry.kind,
            status=entry.status,
            front=entry.front,
            client=entry.client,
            text=entry.text,
            characters=entry.characters,
            model=entry.model,
            voice=entry.voice,
            profile=entry.profile,
            language=entry.language,
            parameters=_as_asked(entry),
            batch=entry.batch,
            created_at=moment(entry.created),
            completed_at=None if entry.completed is None else moment(entry.completed),
            queued_ms=milliseconds(entry.queued),
            first_audio_ms=milliseconds(entry.first_audio),
            total_ms=milliseconds(entry.total),
            duration_seconds=entry.seconds,
            error=entry.error,
            format=entry.format,
            bytes=entry.bytes,
            audio_url=f"/api/history/{entry.id}/audio" if has_audio else None,
        )


def _as_asked(entry: Entry) -> dict[str, Any]:
    return {name: value for name, value in entry.parameters.items() if name != ATTEMPTS}
