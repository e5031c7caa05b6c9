"""Notes in the history what is spoken live; speech never waits for it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from ..config.tree import HistoryConfig
from ..errors import Conflict, SpeechError
from ..events import Event, EventBus, SpeechEnded
from ..models.queue import Urgency
from ..speech.recording import Recording
from ..speech.request import SpeechRequest
from .entry import Entry
from .recordings import FORMAT, Recordings
from .store import HistoryStore

_LOGGER = logging.getLogger(__name__)

_MOST_WAITING: Final = 10_000
"""Entries that may wait for the database; past it they are not noted."""

_AT_ONCE = 200

_PAUSE = 0.1
"""Seconds after a transaction in which more comes together for the next: in a crowd each costs those who listen."""

_Waiting = tuple[Entry, asyncio.Future[Path | None] | None]
"""What is to be noted, and the file of its audio once that is whole."""


class HistoryRecorder:
    """Makes entries of live requests, and keeps their audio where that is wanted."""

    def __init__(self, store: HistoryStore, config: HistoryConfig, bus: EventBus) -> None:
        self._store = store
        self._config = config
        self._bus = bus
        self._recordings = Recordings(lambda: store.new_file("", FORMAT))
        self._asked: dict[str, dict[str, Any]] = {}
        """How the requests that are being spoken are to be spoken."""

        self._files: dict[str, asyncio.Future[Path | None]] = {}
        """Of the requests whose audio is being kept."""

        self._waiting: asyncio.Queue[_Waiting] = asyncio.Queue(_MOST_WAITING)
        self._writing: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self._has_warned = False

    async def start(self) -> None:
        """Listen to what is spoken."""
        if not self._config.enabled:
            return
        self._recordings.start()
        self._unsubscribe = self._bus.subscribe(self._see)
        self._writing = asyncio.create_task(self._write(), name="history")

    async def stop(self) -> None:
        """Finish what is to be noted."""
        unsubscribe, self._unsubscribe = self._unsubscribe, lambda: None
        unsubscribe()
        await asyncio.to_thread(self._recordings.stop)
        if self._writing:
            await self._waiting.join()
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
            self._writing = None

    def begin(self, job: str, request: SpeechRequest, rate: int) -> Recording | None:
        """A place for the audio of a live request."""
        if self._writing is None or request.urgency is not Urgency.INTERACTIVE:
            return None
        self._asked[job] = _as_asked(request)
        if self._config.audio != "all":
            return None
        loop = asyncio.get_running_loop()
        file: asyncio.Future[Path | None] = loop.create_future()
        self._files[job] = file

        def whole(path: Path | None) -> None:
            loop.call_soon_threadsafe(file.set_result, path)

        return self._recordings.begin(rate, whole)

    def _see(self, event: Event) -> None:
        if not isinstance(event, SpeechEnded) or event.kind != "live":
            return
        file = self._files.pop(event.job, None)
        entry = _entry(event, self._asked.pop(event.job, {}), time.time())
        try:
            self._waiting.put_nowait((entry, file))
        except asyncio.QueueFull:
            self._warn("the database cannot follow")

    async def _write(self) -> None:
        while True:
            some = [await self._waiting.get()]
            while not self._waiting.empty() and len(some) < _AT_ONCE:
                some.append(self._waiting.get_nowait())
            try:
                await self._keep(some)
            except Exception:
                _LOGGER.exception("The history failed")
            finally:
                for _ in some:
                    self._waiting.task_done()
            await asyncio.sleep(_PAUSE)

    async def _keep(self, some: Sequence[_Waiting]) -> None:
        # One transaction for entries and audio.
        if left := await self._note([(entry, await file if file else None) for entry, file in some]):
            await asyncio.to_thread(_remove, left)

    async def _note(self, some: Sequence[tuple[Entry, Path | None]]) -> list[Path]:
        """Add entries with their audio; the audio of those that could not be."""
        try:
            await self._store.add(*(entry for entry, _ in some), audio={entry.id: path for entry, path in some if path})
        except Conflict as error:
            if len(some) > 1:
                return [path for one in some for path in await self._note([one])]
            self._warn(error)
        except (SpeechError, OSError) as error:
            self._warn(error)
        else:
            self._has_warned = False
            return []
        return [path for _, path in some if path]

    def _warn(self, reason: object) -> None:
        """Say why nothing is noted, once until it is again."""
        if not self._has_warned:
            self._has_warned = True
            _LOGGER.warning("What is spoken is not noted: %s", reason)


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _entry(ended: SpeechEnded, asked: dict[str, Any], now: float) -> Entry:
    return Entry(
        id=ended.job,
        kind="live",
        status="failed" if ended.error else "cancelled" if ended.left else "complete",
        created=now - ended.total,
        front=ended.front,
        client=ended.client,
        text=ended.text,
        characters=len(ended.text),
        model=ended.model,
        voice=ended.voice,
        profile=ended.profile,
        language=ended.language,
        parameters=asked,
        started=None if ended.queued is None else now - ended.total + ended.queued,
        completed=now,
        queued=ended.queued,
        first_audio=ended.first_audio,
        total=ended.total,
        seconds=ended.audio,
        error=ended.error,
    )


def _as_asked(request: SpeechRequest) -> dict[str, Any]:
    """What differs from how a text is spoken anyway."""
    asked = {
        "speed": request.speed,
        "pitch": request.pitch or None,
        "seed": request.seed,
        "instructions": request.instructions or None,
        "extra": dict(request.parameters) or None,
        "keep_alive": request.keep_alive,
        "words": request.words or None,
    }
    return {name: value for name, value in asked.items() if value is not None}
