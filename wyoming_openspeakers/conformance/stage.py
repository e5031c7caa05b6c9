"""Where a subject performs: worker processes as the service starts them, and what it said in them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..engines.base import ModelSpec, Samples
from ..models.workers.process import SpeakLimits, WorkerProcess
from ..worker.protocol import Memory, Speak
from .outcome import Failed
from .subject import Subject
from .texts import SEED, greeting

LOADING = 300.0
"""Seconds that loading may take."""

_STEP = 120.0
"""Seconds that an engine may take for a chunk."""

_LAST_WORDS = 0.3
"""Seconds from an error to the end of the process that it came from."""

_LETTING_GO = 10.0
"""Seconds that a worker may take to stop speaking before it is ended."""


@dataclass
class Spoken:
    """What came of a request."""

    chunks: list[Samples] = field(default_factory=list)
    rates: set[int] = field(default_factory=set)
    times: list[float] = field(default_factory=list)
    """Seconds from the request to each chunk."""

    seconds: float = 0.0
    """Seconds from the request to its end."""

    has_begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there is a first chunk, or there will be none."""

    @property
    def samples(self) -> Samples:
        """All of its audio."""
        return np.concatenate([np.zeros(0, np.float32), *self.chunks])


class Performance:
    """A subject in a worker process."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.ended = ""
        """Why the process ended, when it was not asked to."""

        self.worker = WorkerProcess(
            f"check {subject.name}", self._on_exit, subject.python, environment=subject.variables
        )
        self._limits = SpeakLimits(_STEP * subject.patience, _STEP * subject.patience, _LETTING_GO)

    def _on_exit(self, worker: WorkerProcess, reason: str) -> None:
        self.ended = "" if worker.is_stopping else reason

    async def load(self, spec: ModelSpec | None = None, device: str = "") -> Memory:
        """Load the subject, or a variant of it."""
        return await self.worker.load(spec or self.subject.spec, device or self.subject.device)

    async def say(self, text: str | None = None, **request: Any) -> Spoken:
        """Speak: a greeting with the subject's voice and a seed, but for what is given."""
        spoken = Spoken()
        await self.say_into(spoken, text, **request)
        return spoken

    async def say_into(self, spoken: Spoken, text: str | None = None, **request: Any) -> None:
        """Speak as `say` does, so that what has come can be looked at meanwhile; cancel the task to cut it off."""
        subject = self.subject
        given: dict[str, Any] = {"model": subject.name, "seed": SEED, **request}
        if "voice" not in given:
            voice = subject.voice
            given["voice"] = voice.name
            given.setdefault("language", voice.languages[0] if voice.languages else None)
            given.setdefault("speaker", voice.speakers[0] if voice.speakers else None)
        words = greeting(given.get("language") or "en") if text is None else text
        began = time.monotonic()
        try:
            async with aclosing(self.worker.speak(Speak(id=0, text=words, **given), self._limits)) as chunks:
                async for audio in chunks:
                    spoken.times.append(time.monotonic() - began)
                    spoken.chunks.append(audio.samples)
                    spoken.rates.add(audio.rate)
                    spoken.has_begun.set()
        finally:
            spoken.seconds = time.monotonic() - began
            spoken.has_begun.set()


class Stage:
    """A subject and the workers that it is checked in; one stays from check to check with the model loaded."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.steadied: dict[str, Any] | None = None
        """What makes the subject say the same twice, once that was found."""

        self._kept: Performance | None = None
        self._open: set[Performance] = set()

    @property
    def is_loaded(self) -> bool:
        """Whether the next check need not wait for the model."""
        return self._kept is not None

    @property
    def crashes(self) -> list[str]:
        """Why processes have ended in this check that nobody asked to end."""
        return [one.ended for one in self._open if one.ended]

    async def ready(self) -> Performance:
        """The subject, loaded."""
        if self._kept is None:
            performance = await self._start()
            try:
                await performance.load()
            except BaseException:
                await self._end(performance)
                raise
            self._kept = performance
        return self._kept

    @asynccontextmanager
    async def fresh(self) -> AsyncIterator[Performance]:
        """A process of its own, in which nothing is loaded; the kept one makes room for it."""
        await self.close()
        performance = await self._start()
        try:
            yield performance
        finally:
            await self._end(performance)

    async def begin_check(self) -> None:
        """Forget processes that an earlier check has lost."""
        if self._kept and self._kept.worker.exited.is_set():
            self._kept = None
        self._open = {self._kept} if self._kept else set()

    async def settle(self) -> None:
        """Give a process that was ended, or ended itself, the time to be seen to have done so."""
        if self._kept:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._kept.worker.exited.wait(), _LAST_WORDS)

    async def close(self) -> None:
        """End the kept process."""
        kept, self._kept = self._kept, None
        if kept:
            await self._end(kept)

    async def abandon(self) -> None:
        """End all processes, whatever they do."""
        self._kept = None
        for performance in self._open:
            performance.worker.kill("its check took too long")
        await asyncio.gather(*(performance.worker.exited.wait() for performance in self._open))

    async def _start(self) -> Performance:
        performance = Performance(self.subject)
        await performance.worker.start()
        self._open.add(performance)
        return performance

    async def _end(self, performance: Performance) -> None:
        if not performance.worker.exited.is_set():
            await performance.worker.stop()


async def refusal(attempt: Any) -> Exception:
    """The error that an attempt ends with; it must end with one."""
    try:
        await attempt
    except Exception as error:
        return error
    raise Failed("nothing was refused")
