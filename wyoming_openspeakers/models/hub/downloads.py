"""The downloads of a running service: each once, few at a time, told about on the bus, and ended at a word."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import traceback
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from ...errors import ModelFilesError, ShuttingDown, SpeechError
from ...events import DownloadChanged, EventBus
from ..registry import Registry
from ..side_thread import in_side_thread
from .fetch import download
from .installed import HubModel
from .names import files_of
from .progress import DownloadProgress, as_bytes

_LOGGER = logging.getLogger(__name__)
_MOST_AT_ONCE = 2
_BETWEEN_EVENTS = 0.25
_PATIENCE = 0.8
"""Seconds that a cancelled download gets to stop, before it is left to notice by itself."""


class _Cancelled(Exception):
    """Ends a download from within."""


class Downloads:
    """Downloads models in threads. To be used from the event loop."""

    def __init__(
        self,
        registry: Registry,
        bus: EventBus,
        token: SecretStr | None = None,
        *,
        most: int = _MOST_AT_ONCE,
        endpoint: str | None = None,
    ) -> None:
        self._registry = registry
        self._bus = bus
        self._token = token or SecretStr("")
        self._endpoint = endpoint
        self._places = asyncio.Semaphore(most)
        self._folders: defaultdict[Path, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._running: dict[str, _Download] = {}
        self._stopping = False

    def start(self, name: str) -> asyncio.Task[None]:
        """Download a model or `model/voice`; everyone who asks meanwhile gets the same task.

        Its failure is a SpeechError of one sentence. Who may go away before it ends waits through `asyncio.shield`.
        """
        model, files = files_of(self._registry, name)
        return self.fetch(name, self._registry.folder(model), files)

    def fetch(self, name: str, folder: Path, files: HubModel) -> asyncio.Task[None]:
        """Download what is in no list yet, as `start` does."""
        if self._stopping:
            raise ShuttingDown("The service is stopping")
        if found := self._running.get(name):
            return found.task
        running = _Download(DownloadChanged(name, "waiting"), self._tell)
        running.task = asyncio.create_task(self._run(running, folder, files), name=f"download {name}")
        running.task.add_done_callback(lambda task: self._forget(name, task))
        self._running[name] = running
        return running.task

    def cancel(self, name: str) -> bool:
        """End a download, to go on another time; whether there was one."""
        running = self._running.get(name)
        return running is not None and running.task.cancel()

    def active(self) -> tuple[DownloadChanged, ...]:
        """The downloads that wait or run, as they were told about last."""
        return tuple(running.last for running in self._running.values())

    async def stop(self) -> None:
        """End all downloads and start no more."""
        self._stopping = True
        tasks = [running.task for running in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, name: str, task: asyncio.Task[None]) -> None:
        running = self._running.pop(name)
        if task.cancelled():
            # Here and not in the task: one that is cancelled before its first step never runs.
            running.tell(replace(running.last, state="cancelled", rate=0.0, remaining=None))
            return
        # Nobody may have waited for it, and the bus has told of it already.
        task.exception()

    def _tell(self, event: DownloadChanged) -> None:
        self._bus.publish(event)

    async def _run(self, running: _Download, folder: Path, files: HubModel) -> None:
        name = running.last.name
        try:
            await self._take_turn(running, folder, files)
        except SpeechError as error:
            _LOGGER.warning("Download of %s failed: %s", name, error)
            running.tell(replace(running.last, state="failed", rate=0.0, remaining=None, error=str(error)))
            raise
        last = running.last
        _LOGGER.info("Downloaded %s, %s", name, as_bytes(last.total))
        running.tell(replace(last, state="complete", done=last.total, rate=0.0, remaining=None))

    async def _take_turn(self, running: _Download, folder: Path, files: HubModel) -> None:
        """Download when no other one works in the folder and there is a place."""
        turn = self._folders[folder]
        if turn.locked() or self._places.locked():
            running.tell(running.last)
        await turn.acquire()
        ended: asyncio.Future[None] | None = None
        try:
            async with self._places:
                running.tell(replace(running.last, state="downloading"))
                progress = _Throttle(asyncio.get_running_loop(), running)
                ended = self._begin(progress, running.last.name, folder, files)
                await _outcome(ended, progress)
        finally:
            # A thread that was left behind still has the folder.
            if ended is None or ended.done():
                turn.release()
            else:
                ended.add_done_callback(lambda _: turn.release())

    def _begin(self, progress: _Throttle, name: str, folder: Path, files: HubModel) -> asyncio.Future[None]:
        def work() -> None:
            try:
                download(folder, files, self._token.get_secret_value(), progress, endpoint=self._endpoint)
            except (_Cancelled, SpeechError):
                raise
            except BaseException:
                _LOGGER.error("Download of %s failed:\n%s", name, self._without_token())
                raise ModelFilesError(f"{name} could not be fetched; the log says more.") from None
            finally:
                progress.flush()

        return in_side_thread(work, f"download {name}")

    def _without_token(self) -> str:
        secret = self._token.get_secret_value().strip()
        text = traceback.format_exc()
        return text.replace(secret, "***") if secret else text


class _Download:
    """One download and what was told of it last."""

    task: asyncio.Task[None]

    def __init__(self, first: DownloadChanged, publish: Callable[[DownloadChanged], None]) -> None:
        self.last = first
        self._publish = publish

    def tell(self, event: DownloadChanged) -> None:
        """Publish how it is now."""
        self.last = event
        self._publish(event)

    def progressed(self, progress: DownloadProgress) -> None:
        """Publish how far it is."""
        if not self.task.done():
            self.tell(
                replace(
                    self.last,
                    file=progress.file,
                    done=progress.done,
                    total=progress.total,
                    rate=progress.rate,
                    remaining=progress.remaining,
                )
            )


class _Throttle:
    """Hands a thread's progress to the event loop now and then, and ends the thread when that is wanted."""

    def __init__(self, loop: asyncio.AbstractEventLoop, running: _Download) -> None:
        self._loop = loop
        self._running = running
        self._is_cancelled = threading.Event()
        self._next = 0.0
        self._held: DownloadProgress | None = None

    def __call__(self, progress: DownloadProgress) -> None:
        self.check()
        self._held = progress
        if time.monotonic() >= self._next:
            self.flush()

    def flush(self) -> None:
        """Tell what was held back."""
        held, self._held = self._held, None
        if held is not None:
            self._next = time.monotonic() + _BETWEEN_EVENTS
            with suppress(RuntimeError):  # the loop may be gone when a thread was left behind
                self._loop.call_soon_threadsafe(self._running.progressed, held)

    def cancel(self) -> None:
        """Have the thread end at its next step."""
        self._is_cancelled.set()

    def check(self) -> None:
        """Raise when the download is not wanted any more."""
        if self._is_cancelled.is_set():
            raise _Cancelled


async def _outcome(ended: asyncio.Future[None], progress: _Throttle) -> None:
    """Wait for a thread's end; when cancelled, for a moment only."""
    try:
        await asyncio.shield(ended)
    except asyncio.CancelledError:
        progress.cancel()
        ended.add_done_callback(lambda future: future.exception())
        await asyncio.wait([ended], timeout=_PATIENCE)
        raise
