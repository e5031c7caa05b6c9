"""A job that is not over, as those who watch it see it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

from .event import JobEvent, JobEventType, chunk
from .tape import Tape

_MOST_AT_ONCE = 65_536
"""Bytes of one chunk, a second and a third of audio: who comes late gets it in large ones."""

_STEPS: tuple[JobEventType, ...] = ("loading", "generating")


class Track:
    """What has happened so far; every watcher reads it at their own pace."""

    def __init__(self, id: str, client: str) -> None:
        self.id = id
        self.client = client
        self.progress = 0.0
        self.tape: Tape | None = None
        self.speaking: asyncio.Task[None] | None = None
        """What speaks it now."""

        self.is_cancelled = False
        """Somebody does not want it any more."""

        self.over = asyncio.Event()
        """Set when how it ended is on disk, or when the service stops."""

        self._steps: list[JobEventType] = []
        self._end: JobEvent | None = None
        self._watchers: set[asyncio.Event] = set()

    def step(self, step: str) -> None:
        """Say how far it is; it never goes back."""
        for known in _STEPS:
            if step == known and self._steps[-1:] != [known] and "generating" not in self._steps:
                self._steps.append(known)
                self.tell()

    def heard(self, progress: float) -> None:
        """Say that audio came."""
        self.step("generating")
        self.progress = max(self.progress, progress)
        self.tell()

    def end(self, event: JobEvent | None) -> None:
        """Say how it ended; None when the service stops first."""
        self._end = event
        self.over.set()
        self.tell()

    def tell(self) -> None:
        """Have every watcher look."""
        for watcher in self._watchers:
            watcher.set()

    async def watch(self, position: Callable[[], int | None]) -> AsyncGenerator[JobEvent, None]:
        """All that has happened, from its beginning, and then what happens; ends after the end."""
        changed = asyncio.Event()
        self._watchers.add(changed)
        last_position, steps, index, offset, progress = None, 0, 0, 0, 0.0
        try:
            while True:
                changed.clear()
                end, ended = self._end, self.over.is_set()
                place = position() if not self._steps else None
                if place is None and last_position is None:
                    place = 0
                if place is not None and place != last_position:
                    last_position = place
                    yield JobEvent("queued", {"position": place})
                while steps < len(self._steps):
                    steps += 1
                    yield JobEvent(self._steps[steps - 1])
                while self.tape and offset < self.tape.written:
                    audio = await asyncio.to_thread(self.tape.read, offset, _MOST_AT_ONCE)
                    yield chunk(audio, index, self.tape.rate, offset)
                    index, offset = index + 1, offset + len(audio)
                if self.tape and self.progress != progress:
                    progress = self.progress
                    yield JobEvent("progress", {"progress": progress, "seconds": self.tape.seconds})
                if end:
                    yield end
                if ended:
                    return
                await changed.wait()
        finally:
            self._watchers.discard(changed)
