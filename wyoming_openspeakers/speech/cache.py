"""The phrase cache: what was spoken before is there at once."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, TypeVarTuple

from .audio.pcm import Integers, Samples
from .phrase_folder import CachedPhrase, PhraseFolder

_LOGGER = logging.getLogger(__name__)

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")

_TOUCH_DELAY = 5.0
"""Seconds for which uses are collected before they are noted on disk."""


@dataclass(frozen=True)
class CacheStats:
    """What the cache did since it started, and what it holds."""

    hits: int
    misses: int
    dropped: int
    """Phrases not kept because the disk could not follow."""

    entries: int
    bytes: int


class PhraseCache:
    """Keeps the most recently used phrases, bounded by their bytes on disk.

    No call blocks the event loop: files are read, written and removed in threads, and one task does everything that
    changes the folder, in order. A disk that fails costs a warning and hits, never a request. Processes that share a
    folder see each other's phrases; each looks at the folder anew when it has written a tenth of the bound, so together
    they may pass it by that much for a while.
    """

    def __init__(self, folder: Path, max_bytes: int, *, memory_bytes: int = 8 << 20, backlog_bytes: int = 16 << 20):
        """Keep up to `max_bytes` in the folder, or nothing at all when it is 0."""
        self._folder = PhraseFolder(folder)
        self._max_bytes = max_bytes
        self._memory_bytes = memory_bytes
        self._backlog_bytes = backlog_bytes
        self._phrases: dict[str, CachedPhrase] = {}
        self._in_memory = _Recency()
        self._on_disk = _Recency()
        self._backlog = _Recency()
        self._unnoted_uses: dict[str, int] = {}
        self._touch_timer: asyncio.TimerHandle | None = None
        self._jobs: asyncio.Queue[Callable[[], Awaitable[None]] | None] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._written_since_scan = 0
        self._removals = 0
        self._last_ns = 0
        self._warned = False
        self._hits = self._misses = self._dropped = 0

    @property
    def stats(self) -> CacheStats:
        """A snapshot."""
        return CacheStats(self._hits, self._misses, self._dropped, len(self._on_disk), self._on_disk.total)

    async def start(self) -> None:
        """Look at what is there and make it fit."""
        if self._max_bytes <= 0 or self._worker:
            return
        self._threads = ThreadPoolExecutor(2, "phrase-cache")
        self._worker = asyncio.create_task(self._work())
        await self._do(self._scan)

    async def stop(self) -> None:
        """Finish what is being written."""
        if not self._worker or not self._threads:
            return
        worker, self._worker = self._worker, None
        self._jobs.put_nowait(self._note_uses)
        self._jobs.put_nowait(None)
        await worker
        self._threads.shutdown(wait=False)
        if self._touch_timer:
            self._touch_timer.cancel()

    async def get(self, key: str) -> CachedPhrase | None:
        """The phrase, or None."""
        if not self._worker:
            return None
        phrase = self._phrases.get(key)
        if phrase is None:
            phrase = await self._read(key)
        if phrase is None:
            self._misses += 1
            return None
        self._hits += 1
        self._in_memory.use(key)
        self._on_disk.use(key)
        self._unnoted_uses[key] = self._now_ns()
        if not self._touch_timer:
            self._touch_timer = asyncio.get_running_loop().call_later(_TOUCH_DELAY, self._queue_note)
        return phrase

    def put(self, key: str, rate: int, samples: Samples | Integers) -> None:
        """Keep a whole phrase as the engine gave it, before any gain; it can be had back at once."""
        if not self._worker or not len(samples):
            return
        try:
            phrase = CachedPhrase.of(rate, samples)
        except ValueError:
            return
        if phrase.size > self._max_bytes:
            return
        self._remember(key, phrase)
        if key in self._backlog or key in self._on_disk:
            return
        if self._backlog.total + phrase.size > self._backlog_bytes:
            self._dropped += 1
            return
        self._backlog.add(key, phrase.size)
        self._jobs.put_nowait(lambda: self._write(key, phrase))

    async def remove(self, wanted: Callable[[str], bool] | None = None) -> int:
        """Remove the phrases with these keys, or all; returns how many there were on disk."""
        if not self._worker:
            return 0
        self._removals += 1
        for key in [key for key in self._phrases if wanted is None or wanted(key)]:
            del self._phrases[key]
            self._in_memory.drop(key)
        removed: list[str] = []

        async def remove_files() -> None:
            await self._scan()
            removed.extend(key for key in self._on_disk if wanted is None or wanted(key))
            await self._delete(removed)

        await self._do(remove_files)
        return len(removed)

    async def _read(self, key: str) -> CachedPhrase | None:
        removals, was_known = self._removals, key in self._on_disk
        try:
            phrase = await self._in_thread(self._folder.read, key)
        except OSError as error:
            self._warn(error)
            return None
        if removals != self._removals:
            return phrase
        if phrase is not None:
            self._remember(key, phrase)
            self._on_disk.add(key, phrase.size)
        elif was_known:
            self._on_disk.drop(key)
        return phrase

    def _remember(self, key: str, phrase: CachedPhrase) -> None:
        if phrase.size > self._memory_bytes:
            return
        self._phrases[key] = phrase
        self._in_memory.add(key, phrase.size)
        for oldest in self._in_memory.oldest_beyond(self._memory_bytes):
            self._in_memory.drop(oldest)
            del self._phrases[oldest]

    async def _work(self) -> None:
        while (job := await self._jobs.get()) is not None:
            try:
                await job()
            except OSError as error:
                self._warn(error)
            except Exception:
                _LOGGER.exception("The phrase cache goes on after")

    async def _do(self, job: Callable[[], Awaitable[None]]) -> None:
        """Have the worker do something in its turn and wait for it."""
        done = asyncio.Event()

        async def and_tell() -> None:
            try:
                await job()
            finally:
                done.set()

        self._jobs.put_nowait(and_tell)
        await done.wait()

    async def _write(self, key: str, phrase: CachedPhrase) -> None:
        try:
            if self._written_since_scan > self._max_bytes // 10:
                await self._scan()
            await self._delete(self._on_disk.oldest_beyond(self._max_bytes - phrase.size))
            await self._in_thread(self._folder.write, key, phrase, self._now_ns())
            self._on_disk.add(key, phrase.size)
            self._written_since_scan += phrase.size
        finally:
            self._backlog.drop(key)

    async def _scan(self) -> None:
        await self._note_uses()
        entries = await self._in_thread(self._folder.scan)
        self._written_since_scan = 0
        self._on_disk = _Recency()
        for entry in entries:
            self._on_disk.add(entry.key, entry.size)
        for key in self._unnoted_uses:
            self._on_disk.use(key)
        await self._delete(self._on_disk.oldest_beyond(self._max_bytes))

    async def _delete(self, keys: list[str]) -> None:
        await self._in_thread(self._folder.delete, keys)
        for key in keys:
            self._on_disk.drop(key)

    def _queue_note(self) -> None:
        self._jobs.put_nowait(self._note_uses)

    async def _note_uses(self) -> None:
        if self._touch_timer:
            self._touch_timer.cancel()
            self._touch_timer = None
        used, self._unnoted_uses = self._unnoted_uses, {}
        await self._in_thread(self._folder.touch, used)

    def _now_ns(self) -> int:
        """The time, later at each call than at the last, so that it gives an order."""
        self._last_ns = max(time.time_ns(), self._last_ns + 1)
        return self._last_ns

    async def _in_thread(self, call: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)

    def _warn(self, error: OSError) -> None:
        if not self._warned:
            _LOGGER.warning("The phrase cache cannot use its disk and goes on without: %s", error)
        self._warned = True


class _Recency:
    """Keys in the order of their last use, and their sizes."""

    def __init__(self) -> None:
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self.total = 0

    def __len__(self) -> int:
        return len(self._sizes)

    def __contains__(self, key: str) -> bool:
        return key in self._sizes

    def __iter__(self) -> Iterator[str]:
        return iter(self._sizes)

    def add(self, key: str, size: int) -> None:
        self.drop(key)
        self._sizes[key] = size
        self.total += size

    def use(self, key: str) -> None:
        if key in self._sizes:
            self._sizes.move_to_end(key)

    def drop(self, key: str) -> None:
        self.total -= self._sizes.pop(key, 0)

    def oldest_beyond(self, limit: int) -> list[str]:
        """Those that have to go so that the rest is within the limit."""
        excess = self.total - limit
        keys = []
        for key, size in self._sizes.items():
            if excess <= 0:
                break
            keys.append(key)
            excess -= size
        return keys
