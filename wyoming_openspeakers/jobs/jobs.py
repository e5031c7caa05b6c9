"""Jobs: texts that are spoken into files, a few at a time, and that outlive a restart."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from typing import Any
from uuid import uuid4

from ..config import Config
from ..errors import Busy, Conflict, InvalidRequest, ShuttingDown, TextTooLong
from ..events import Event, EventBus, JobChanged
from ..history.entry import Entry
from ..history.store import HistoryStore
from ..speech.service import SpeechService
from .check import BadParameter, check
from .event import JobEvent
from .line import Line, Place
from .outcome import outcome
from .replay import last_event, replay
from .request import ATTEMPTS, JobRequest, new_entry
from .run import Run
from .track import Track

__all__ = ["JobEvent", "JobRequest", "Jobs"]

_LOGGER = logging.getLogger(__name__)

_MOST_ATTEMPTS = 3

_RETRY_AFTER = 10.0
"""Seconds after which a full line may have room."""


class Jobs:
    """Takes jobs, runs them and tells how they are."""

    def __init__(self, config: Config, speech: SpeechService, history: HistoryStore, bus: EventBus) -> None:
        self._config = config.jobs
        self._speech = speech
        self._history = history
        self._bus = bus
        self._line = Line()
        self._tracks: dict[str, Track] = {}
        """Of all jobs that are not over."""

        self._running: set[str] = set()
        self._expected = 0
        """Jobs that have room in the line and are not in it yet."""

        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopping = False
        self._unsubscribe: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Go on with what an earlier run of the service left."""
        self._unsubscribe = self._bus.subscribe(self._see)
        waiting = []
        for entry in await self._history.unfinished():
            if entry.kind == "live":
                continue
            if entry.status == "running":
                if entry.parameters.get(ATTEMPTS, 0) >= _MOST_ATTEMPTS:
                    error = f"the service ended {_MOST_ATTEMPTS} times while it was spoken"
                    await self._history.change(entry.id, status="failed", error=error, completed=time.time())
                    continue
                await self._history.change(entry.id, status="pending", started=None)
            waiting.append(entry)
        self._tracks.update((entry.id, _track(entry)) for entry in waiting)
        self._wait(waiting)

    async def stop(self) -> None:
        """End what runs; it begins anew when the service does."""
        self._stopping = True
        self._unsubscribe()
        self._unsubscribe = lambda: None
        while self._line.take():
            pass
        for id in self._running:
            track = self._tracks[id]
            if track.speaking and not track.is_cancelled:
                track.speaking.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for track in self._tracks.values():
            track.end(None)
        self._tracks.clear()

    async def submit(self, request: JobRequest) -> Entry:
        """Take a job; it is on disk when this returns."""
        (entry,) = await self._submit([request], None)
        return entry

    async def submit_batch(self, requests: Sequence[JobRequest]) -> list[Entry]:
        """Take all of them or none."""
        if not 1 <= len(requests) <= self._config.batch:
            problem = f"A batch has from 1 to {self._config.batch} lines; this one has {len(requests)}"
            raise BadParameter(problem, "lines")
        return await self._submit(requests, uuid4().hex)

    async def cancel(self, id: str) -> None:
        """End a job now, wherever it is; whoever asks twice at once is answered twice."""
        track = self._tracks.get(id)
        if track is None:
            entry = await self._history.get(id)
            raise Conflict(f"Job {id} is over: {entry.status}")
        self._cancel(track)
        await track.over.wait()
        if not track.is_cancelled:
            raise Conflict(f"Job {id} is over")

    async def cancel_batch(self, id: str) -> None:
        """End all jobs of a batch that are not over."""
        entries = await self._history.batch(id)
        tracks = [track for entry in entries if (track := self._tracks.get(entry.id))]
        # Those that wait first, or they would take the place of those that run.
        for track in sorted(tracks, key=lambda track: track.id in self._running):
            self._cancel(track)
        await asyncio.gather(*(track.over.wait() for track in tracks))

    def progress(self, id: str) -> float | None:
        """How much of a job is spoken, from 0 to 1; None when it does not run."""
        return self._tracks[id].progress if id in self._running else None

    def position(self, id: str) -> int | None:
        """How many go first; None when it does not wait."""
        return self._line.position(id)

    async def watch(self, id: str) -> AsyncGenerator[JobEvent, None]:
        """All that has happened with a job and then what happens, to its end; each reads at their own pace."""
        if track := self._tracks.get(id):
            events = track.watch(lambda: self._line.position(id))
        else:
            events = replay(await self._history.get(id), self._history)
        async with aclosing(events):
            async for event in events:
                yield event

    async def _submit(self, requests: Sequence[JobRequest], batch: str | None) -> list[Entry]:
        catalog = await self._speech.voices()
        entries = []
        for position, request in enumerate(requests):
            try:
                self._speech.check_length(request.text)
                chosen = check(request, catalog)
            except InvalidRequest as error:
                if isinstance(error, TextTooLong) or error.param == "text":
                    error.param = f"lines.{position}" if batch else "text"
                raise
            entries.append(new_entry(request, chosen, batch, position))
        await asyncio.shield(self._begin(self._take(entries)))
        return entries

    async def _take(self, entries: Sequence[Entry]) -> None:
        if self._stopping:
            raise ShuttingDown("The service is stopping")
        waiting = len(self._line) + self._expected
        if waiting + len(entries) > self._config.waiting:
            raise Busy(f"{waiting} jobs are waiting already; try again later", _RETRY_AFTER)
        self._expected += len(entries)
        self._tracks.update((entry.id, _track(entry)) for entry in entries)
        try:
            await self._history.add(*entries)
        except BaseException:
            for entry in entries:
                self._tracks.pop(entry.id).end(None)
            raise
        finally:
            self._expected -= len(entries)
        if not self._stopping:
            self._wait(entries)

    def _wait(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._line.put(Place(entry.id, entry.client, entry.kind == "batch"))
        for entry in entries:
            self._bus.publish(
                JobChanged(entry.id, "queued", entry.client, entry.model, entry.voice, self.position(entry.id) or 0)
            )
        self._pump()

    def _pump(self) -> None:
        """Begin as many as may run."""
        while len(self._running) < self._config.at_once and not self._stopping and (id := self._line.take()):
            self._running.add(id)
            self._begin(self._run(self._tracks[id]))
        for id in self._line:
            self._tracks[id].tell()

    async def _run(self, track: Track) -> None:
        try:
            await self._guarded(track, self._attempt(track))
        finally:
            self._running.discard(track.id)
            self._pump()

    async def _guarded(self, track: Track, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:
            _LOGGER.exception("Job %s stays as it is until the service starts anew", track.id)
            self._end(track, JobEvent("failed", {"error": f"The history cannot be written: {error}"}))

    async def _attempt(self, track: Track) -> None:
        entry = await self._history.get(track.id)
        attempts = entry.parameters.get(ATTEMPTS, 0)
        parameters = {**entry.parameters, ATTEMPTS: attempts + 1}
        entry = await self._history.change(entry.id, status="running", started=time.time(), parameters=parameters)
        run = Run(entry, track, self._speech, self._history)
        if not (track.is_cancelled or self._stopping):
            track.speaking = asyncio.create_task(run.speak(), name=f"speak job {entry.id}")
            await asyncio.wait([track.speaking])
        changes = outcome(entry, track, run.ended)
        if changes is None:
            self._stopping = True
            fields: dict[str, Any] = {"status": "pending", "started": None, "file": None, "bytes": 0}
            fields["parameters"] = {**parameters, ATTEMPTS: attempts}
            await self._history.change(entry.id, **fields)
            self._end(track, None)
            return
        await self._settle(track, changes)
        if run.ended is None:
            self._publish(track, changes)

    async def _settle(self, track: Track, changes: Mapping[str, Any]) -> None:
        """Write how a job ended, and then tell those who watch it."""
        entry = await self._history.change(track.id, completed=time.time(), **changes)
        self._end(track, last_event(entry))

    def _publish(self, track: Track, changes: Mapping[str, Any]) -> None:
        """Tell everyone how a job ended that was never spoken."""
        self._bus.publish(JobChanged(track.id, changes["status"], track.client, error=changes.get("error")))

    def _cancel(self, track: Track) -> None:
        if track.is_cancelled or (track.speaking and track.speaking.done()):
            return
        track.is_cancelled = True
        if self._line.remove(track.id):
            changes = {"status": "cancelled"}
            self._begin(self._guarded(track, self._settle(track, changes)))
            self._publish(track, changes)
        elif track.speaking:
            track.speaking.cancel()

    def _end(self, track: Track, event: JobEvent | None) -> None:
        self._tracks.pop(track.id, None)
        track.end(event)

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _see(self, event: Event) -> None:
        if isinstance(event, JobChanged) and (track := self._tracks.get(event.job)):
            track.step(event.state)


def _track(entry: Entry) -> Track:
    return Track(entry.id, entry.client)
