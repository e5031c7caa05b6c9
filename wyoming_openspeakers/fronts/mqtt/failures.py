"""What went wrong, out of all that happens."""

from __future__ import annotations

from datetime import UTC, datetime

from ...events import DownloadChanged, Event, ModelStateChanged, WorkerExited
from .payloads import ErrorAbout, ErrorSource, JobAbout

_LONGEST_STATE = 255
_LONGEST_DETAIL = 4000


def failure_in(event: Event) -> ErrorAbout | None:
    """What an event says that went wrong; None where nothing has."""
    match event:
        case ModelStateChanged(state="failed"):
            return _failure("model", event.model, event.error or "It cannot be loaded")
        case DownloadChanged(state="failed"):
            return _failure("download", event.name, event.error or "It was cut off")
        case WorkerExited(expected=False):
            return _failure("worker", event.worker, event.reason)
    return None


def failure_of(job: JobAbout) -> ErrorAbout | None:
    """Why a text was not spoken; None where it was."""
    return _failure("job", job.id, job.error or "It was not spoken") if job.state == "failed" else None


def _failure(source: ErrorSource, name: str, error: str) -> ErrorAbout:
    short = error if len(error) <= _LONGEST_STATE else f"{error[: _LONGEST_STATE - 1]}…"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return ErrorAbout(error=short, detail=error[:_LONGEST_DETAIL], source=source, name=name, at=now)
