"""Each text from its first event to its last, put together from what several events tell."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ...events import Event, EventBus, JobChanged, JobState, SpeechEnded
from .payloads import JobAbout

_MOST = 5000
_LONGEST_TEXT = 500

Teller = Callable[[JobAbout], None]


@dataclass
class _Story:
    last: JobChanged
    loading_since: float | None = None
    loading: float | None = None
    reported: list[JobState] = field(default_factory=list)


class Stories:
    """Tells of every step of every text, once."""

    def __init__(self, bus: EventBus, *, with_texts: bool) -> None:
        self._with_texts = with_texts
        self._stories: dict[str, _Story] = {}
        self._ending: dict[str, asyncio.Handle] = {}
        self._tellers: list[Teller] = []
        self._unsubscribe = bus.subscribe(self._see)

    def stop(self) -> None:
        """Hear no more."""
        self._unsubscribe()
        for ending in self._ending.values():
            ending.cancel()

    def listen(self, teller: Teller) -> None:
        """Be told of every step."""
        self._tellers.append(teller)

    def states(self) -> Iterator[JobState]:
        """The states of all texts that have not ended."""
        return (story.last.state for story in self._stories.values())

    def _see(self, event: Event) -> None:
        if isinstance(event, JobChanged):
            self._step(event)
        elif isinstance(event, SpeechEnded):
            self._end(event)

    def _step(self, event: JobChanged) -> None:
        story = self._stories.setdefault(event.job, _Story(event))
        story.last = event
        now = time.monotonic()
        if event.state == "loading":
            story.loading_since = now
        elif story.loading_since is not None and story.loading is None:
            story.loading = now - story.loading_since
        if event.state in ("complete", "failed", "cancelled"):
            # What it took is told in an event of its own, right after this one; never, when nothing was spoken.
            self._ending[event.job] = asyncio.get_running_loop().call_soon(self._end_unspoken, event)
            return
        while len(self._stories) > _MOST:
            del self._stories[next(iter(self._stories))]
        self._tell(self._about(event, story))

    def _end_unspoken(self, event: JobChanged) -> None:
        self._ending.pop(event.job, None)
        if story := self._stories.pop(event.job, None):
            self._tell(self._about(event, story).model_copy(update={"at": _now()}))

    def _end(self, event: SpeechEnded) -> None:
        if ending := self._ending.pop(event.job, None):
            ending.cancel()
        state: JobState = "failed" if event.error else "cancelled" if event.left else "complete"
        story = self._stories.pop(event.job, None) or _Story(JobChanged(event.job, state, event.client))
        work = event.total - (event.queued or 0)
        self._tell(
            JobAbout(
                id=event.job,
                state=state,
                client=event.client,
                front=event.front,
                kind=event.kind,
                voice=event.voice or story.last.voice,
                model=event.model or story.last.model,
                language=event.language,
                queued_ms=_milliseconds(event.queued),
                loading_ms=_milliseconds(story.loading),
                first_audio_ms=_milliseconds(event.first_audio),
                total_ms=_milliseconds(event.total),
                audio_seconds=round(event.audio, 3),
                real_time_factor=round(work / event.audio, 3) if event.audio else None,
                characters=event.characters,
                text=event.text[:_LONGEST_TEXT] if self._with_texts else None,
                error=event.error,
                at=_now(),
            )
        )

    def _about(self, event: JobChanged, story: _Story) -> JobAbout:
        return JobAbout(
            id=event.job,
            state=event.state,
            client=event.client,
            voice=event.voice,
            model=event.model,
            position=event.position,
            loading_ms=_milliseconds(story.loading),
            error=event.error,
        )

    def _tell(self, about: JobAbout) -> None:
        for teller in self._tellers:
            teller(about)


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
