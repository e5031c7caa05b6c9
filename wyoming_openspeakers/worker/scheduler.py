"""Takes turns between the requests of one worker, a chunk at a time, so that nobody runs out of audio."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from ..engines.base import Audio, EngineError
from ..engines.control import CancelFlag, Cancelled, Share
from .failures import explain_speaking

_SOON = 0.5
"""Seconds before a listener runs dry at which his next chunk cannot wait for others."""

Failure = Cancelled | EngineError | None
"""Why a job ended before its engine was done."""


_WORTH_WAITING = 0.5
"""Seconds that a step which has all cores may keep others waiting: less than both would lose beside each other."""

_LOOK_AGAIN = 0.1


@dataclass(eq=False)
class Job:
    """A segment that is being spoken."""

    id: int
    chunks: Generator[Audio, None, None]
    cancel: CancelFlag
    urgency: int
    deadline: float
    """When the listener needs the next chunk: on arrival at first, then when what was sent has been played."""

    client: str = ""
    """Whose it is; a client's later sentences do not count as company."""

    model: str = ""
    parallel: bool = False
    """Several steps of this model may run at once."""

    share: Share = field(default_factory=Share)

    exclusive: bool = False
    """Nothing else runs beside a step of it that has all cores, unless it is a long one."""

    first_audio: float = math.inf
    """Seconds that a step may take before there is audio."""

    audio_gap: float = math.inf
    """Seconds that a step may take after that."""

    began: bool = False

    waits: bool = False
    """Its steps wait for another machine: it takes no lane, and no core from anybody."""


class Scheduler:
    """Runs the next step of whoever needs audio first: the earliest deadline of the most urgent class.

    Who is alone gets every core for each step. When several clients wait, each step gets one core and as many run at
    once as there are cores: nothing is lost in steps that wait for their own threads, however busy the machine is.
    """

    def __init__(
        self,
        on_audio: Callable[[int, Audio], None],
        on_end: Callable[[int, Failure, bool], None],
        lanes: int = 1,
    ) -> None:
        self._on_audio = on_audio
        self._on_end = on_end
        self._jobs: list[Job] = []
        self._running: dict[Job, float] = {}
        """The jobs that run a step, and since when."""
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._run, name=f"lane {lane}", daemon=True) for lane in range(lanes)]

    def start(self) -> None:
        """Start taking turns."""
        for thread in self._threads:
            thread.start()

    def add(self, job: Job) -> None:
        """Let a job take part."""
        with self._changed:
            self._jobs.append(job)
            self._changed.notify_all()
        if job.waits:
            threading.Thread(target=self._run_alone, args=(job,), name=f"job {job.id}", daemon=True).start()

    def cancel(self, job_id: int) -> None:
        """Stop a job: at once if it waits its turn, as soon as its engine lets go if it runs; no such job is fine."""
        with self._changed:
            job = next((job for job in self._jobs if job.id == job_id), None)
            waits = job is not None and job not in self._running
            if job is not None and waits:
                self._jobs.remove(job)
        if job is None:
            return
        job.cancel.set()
        if waits:
            _close(job)
            self._on_end(job_id, Cancelled(), job.began)

    def is_speaking(self, model: str) -> bool:
        """Whether a model has a job that has not ended."""
        with self._changed:
            return any(job.model == model for job in self._jobs)

    def stuck(self) -> list[tuple[Job, float]]:
        """The jobs whose step takes longer than it may, and how long that is."""
        now = time.monotonic()
        with self._changed:
            running = list(self._running.items())
        limits = [(job, since, job.audio_gap if job.began else job.first_audio) for job, since in running]
        return [(job, limit) for job, since, limit in limits if now - since > limit and not job.cancel]

    def _run(self) -> None:
        while True:
            with self._changed:
                while (job := self._next()) is None:
                    idle = any(job not in self._running and not job.waits for job in self._jobs)
                    self._changed.wait(_LOOK_AGAIN if idle else None)
                self._running[job] = time.monotonic()
            self._step(job)

    def _run_alone(self, job: Job) -> None:
        """Run the steps of a job that waits for another machine, which need no turns."""
        while True:
            with self._changed:
                if job not in self._jobs:
                    return
                self._running[job] = time.monotonic()
            self._step(job)

    def _next(self) -> Job | None:
        """The job to run a step of now, or None to leave the cores to those that run."""
        running = {job: since for job, since in self._running.items() if not job.waits}
        jobs = [job for job in self._jobs if not job.waits]
        busy = {job.model for job in running if not job.parallel}
        waiting = [job for job in jobs if job not in running and job.model not in busy]
        if not waiting:
            return None
        long_ago = time.monotonic() - _WORTH_WAITING
        if any(job.exclusive and job.share.is_whole and since > long_ago for job, since in running.items()):
            return None
        job = min(waiting, key=lambda job: (job.urgency, job.deadline))
        soon = time.monotonic() + _SOON
        # Who is less urgent is no company: the most urgent class has the machine.
        peers = [other for other in jobs if other.urgency == job.urgency]
        needy = [other for other in peers if other.deadline < soon] or peers
        crowded = len({job.client for job in needy}) > 1
        if running and not crowded and (job not in needy or not running.keys().isdisjoint(needy)):
            return None
        job.share.is_whole = not crowded and not running
        return job

    def _step(self, job: Job) -> None:
        error: Failure = None
        ended = True
        try:
            if job.cancel:
                raise Cancelled
            audio = next(job.chunks)
            if len(audio.samples) and not job.cancel:
                self._on_audio(job.id, audio)
                job.deadline = max(job.deadline, time.monotonic()) + len(audio.samples) / audio.rate
                job.began = True
            ended = False
        except StopIteration:
            pass
        except (Exception, SystemExit) as failure:
            # Native code that was interrupted says so in its own way.
            is_cancelled = job.cancel or isinstance(failure, Cancelled)
            error = Cancelled() if is_cancelled else explain_speaking(failure, job.model)
        if ended:
            _close(job)
        with self._changed:
            del self._running[job]
            if ended:
                self._jobs.remove(job)
            self._changed.notify_all()
        if ended:
            self._on_end(job.id, error, job.began)


def _close(job: Job) -> None:
    """Have the engine clean up after a job; what fails then must not keep anyone from the end of it."""
    try:
        job.chunks.close()
    except (Exception, SystemExit) as failure:
        explain_speaking(failure, job.model)
