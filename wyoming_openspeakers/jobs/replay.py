"""What happened with a job that is over, told from what was kept of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from ..history.entry import Entry
from ..history.store import HistoryStore
from .event import JobEvent, chunk
from .stored import stored_audio


async def replay(entry: Entry, history: HistoryStore) -> AsyncGenerator[JobEvent, None]:
    """The events that somebody would have seen who had watched from the start."""
    yield JobEvent("queued", {"position": 0})
    if entry.status == "complete":
        yield JobEvent("generating")
        if path := history.file(entry):
            index = offset = rate = 0
            async with aclosing(stored_audio(path)) as blocks:
                async for rate, pcm in blocks:
                    yield chunk(pcm, index, rate, offset)
                    index, offset = index + 1, offset + len(pcm)
            if rate:
                yield JobEvent("progress", {"progress": 1.0, "seconds": offset / 2 / rate})
    if event := last_event(entry):
        yield event


def last_event(entry: Entry) -> JobEvent | None:
    """How a job ended; None for one that did not."""
    match entry.status:
        case "complete":
            return JobEvent("complete", {"duration": entry.seconds, "format": entry.format})
        case "failed":
            return JobEvent("failed", {"error": entry.error})
        case "cancelled":
            return JobEvent("cancelled")
    return None
