"""Takes turns between the requests of one worker, a chunk at a time, so that nobody runs out of audio."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass

from ..engines.base import Audio, CancelFlag, Cancelled, EngineError

_LOGGER = logging.getLogger(__name__)


@dataclass(eq=False)
class Job:
    """A segment that is being spoken."""

    id: int
    chunks: Generator[Audio, None, None]
    cancel: CancelFlag
    urgency: int
    deadline: float
    """When the listener needs the next chunk: on arrival at first, then when what was sent has been played."""

    began: bool = False


class Scheduler:
    """Runs one step of one job at a time, the earliest deadline first.

    One thread, because the native code of an engine uses all the cores that it is given: two steps at once would only
    make both later. With every step going to whoever needs audio first, eight listeners all hear their first words
    before anyone's second chunk is made.
    """

    def __init__(
        self,
        on_audio: Callable[[int, Audio], None],
        on_end: Callable[[int, Exception | None, bool], None],
    ) -> None:
        self._on_audio = on_audio
        self._on_end = on_end
        self._jobs: list[Job] = []
        self._running: Job | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        """Start taking turns."""
        self._thread.start()

    def add(self, job: Job) -> None:
        """Let a job take part."""
        with self._changed:
            self._jobs.append(job)
            self._changed.notify()

    def cancel(self, job_id: int) -> None:
        """Stop a job: at once if it waits its turn, as soon as its engine lets go if it runs; no such job is fine."""
        with self._changed:
            job = next((job for job in self._jobs if job.id == job_id), None)
            waits = job is not None and job is not self._running
            if job is not None and waits:
                self._jobs.remove(job)
        if job is None:
            return
        job.cancel.set()
        if waits:
            self._end(job, Cancelled())

    def _run(self) -> None:
        while True:
            with self._changed:
                self._running = None
                while not self._jobs:
                    self._changed.wait()
                self._running = min(self._jobs, key=lambda job: (job.urgency, job.deadline))
            self._step(self._running)

    def _step(self, job: Job) -> None:
        error: Exception | None = None
        try:
            audio = next(job.chunks)
            if len(audio.samples) and not job.cancel:
                self._on_audio(job.id, audio)
                job.deadline = max(job.deadline, time.monotonic()) + len(audio.samples) / audio.rate
                job.began = True
            return
        except StopIteration:
            pass
        except (Cancelled, EngineError) as failure:
            error = failure
        except Exception as failure:
            # Native code that was interrupted says so in its own way.
            if not job.cancel:
                _LOGGER.exception("The engine failed")
            error = Cancelled() if job.cancel else failure
        with self._changed:
            self._jobs.remove(job)
        self._end(job, error)

    def _end(self, job: Job, error: Exception | None) -> None:
        job.chunks.close()
        self._on_end(job.id, error, job.began)
