"""Where a subject performs: worker processes as the service starts them, and what it said in them."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, suppress
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

        self.is_loaded = False
        """Whether the subject is."""

        self.first_load: Memory | None = None
        """What loading it has taken, as long as the process has done nothing else."""

        self.worker = WorkerProcess(
            f"check {subject.name}", self._on_exit, subject.python, environment=subject.variables
        )
        self._is_used = False
        self._limits = SpeakLimits(_STEP * subject.patience, _STEP * subject.patience, _LETTING_GO)

    def _on_exit(self, worker: WorkerProcess, reason: str) -> None:
        self.ended = "" if worker.is_stopping else reason

    async def load(self) -> Memory:
        """Load the subject."""
        is_first = not self._is_used
        self._use()
        told = await self.worker.load(self.subject.spec, self.subject.device)
        self.is_loaded = True
        self.first_load = told if is_first else None
        return told

    async def load_variant(self, spec: ModelSpec, device: str) -> Memory:
        """Load something else; whoever does unloads it."""
        self._use()
        return await self.worker.load(spec, device)

    async def unload(self) -> Memory:
        """Unload the subject."""
        self._use()
        told = await self.worker.unload(self.subject.name)
        self.is_loaded = False
        return told

    async def say(self, text: str | None = None, **request: Any) -> Spoken:
        """Speak: a greeting with the subject's voice and a seed, but for what is given."""
        spoken = Spoken()
        await self.say_into(spoken, text, **request)
        return spoken

    async def say_into(self, spoken: Spoken, text: str | None = None, **request: Any) -> None:
        """Speak as `say` does, so that what has come can be looked at meanwhile; cancel the task to cut it off."""
        self._use()
        subject = self.subject
        given: dict[str, Any] = {"model": subject.name, "seed": SEED, **request}
        if "voice" not in given:
            voice = subject.voice
            given["voice"] = voice.name
            given.setdefault("language", voice.languages[0] if voice.languages else None)
            given.setdefault("speaker", voice.speakers[0] if voice.speakers else None)
        # As the service does: what the model's entry says holds where a request says nothing.
        given["parameters"] = {**subject.spec.parameters, **given.get("parameters", {})}
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

    def _use(self) -> None:
        self._is_used = True
        self.first_load = None


@dataclass(frozen=True)
class Steady:
    """How to have the subject say the same twice."""

    request: dict[str, Any]
    """What to ask for besides the text."""

    samples: Samples
    """The greeting, asked for in this way."""

    performance: Performance
    """Who said it."""

    @property
    def is_by_seed(self) -> bool:
        """Whether the seed alone makes it so."""
        return not self.request.get("parameters")


class Stage:
    """A subject and the worker that it is checked in, which stays from check to check: to start takes longest."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.steadied: Steady | None = None
        """Kept once it was found, for finding it takes several requests."""

        self._kept: Performance | None = None
        self._open: set[Performance] = set()

    @property
    def is_loaded(self) -> bool:
        """Whether the next check need not wait for the model."""
        return self._kept is not None and self._kept.is_loaded

    @property
    def crashes(self) -> list[str]:
        """Why processes have ended in this check that nobody asked to end."""
        return [one.ended for one in self._open if one.ended]

    async def ready(self) -> Performance:
        """The subject, loaded."""
        performance = await self._running()
        if not performance.is_loaded:
            try:
                await performance.load()
            except BaseException:
                await self.close()
                raise
        return performance

    async def untouched(self) -> tuple[Performance, Memory]:
        """The subject, loaded in a process that has done nothing else, and what that has taken."""
        if self._kept and not self._kept.first_load:
            await self.close()
        performance = await self.ready()
        assert performance.first_load
        return performance, performance.first_load

    async def empty(self) -> Performance:
        """A process in which nothing is loaded."""
        performance = await self._running()
        if performance.is_loaded:
            await performance.unload()
        return performance

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
        if kept and not kept.worker.exited.is_set():
            await kept.worker.stop()

    async def abandon(self) -> None:
        """End all processes, whatever they do."""
        self._kept = None
        for performance in self._open:
            performance.worker.kill("its check took too long")
        await asyncio.gather(*(performance.worker.exited.wait() for performance in self._open))

    async def _running(self) -> Performance:
        if self._kept is None:
            performance = Performance(self.subject)
            await performance.worker.start()
            self._kept = performance
            self._open.add(performance)
        return self._kept


async def refusal(attempt: Any) -> Exception:
    """The error that an attempt ends with; it must end with one."""
    try:
        await attempt
    except Exception as error:
        return error
    raise Failed("nothing was refused")
