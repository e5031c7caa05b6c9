"""Turns inside a worker."""

import threading
import time
from collections.abc import Callable, Generator
from dataclasses import replace

import numpy as np
import pytest

from wyoming_openspeakers.engines.base import Audio, EngineError
from wyoming_openspeakers.engines.control import CancelFlag, Cancelled, Share
from wyoming_openspeakers.worker.scheduler import Job, Scheduler

RATE = 1000


class Log:
    """What a scheduler did, in order."""

    def __init__(self, lanes: int = 1) -> None:
        self.audio: list[int] = []
        self.ends: dict[int, tuple[Exception | None, bool]] = {}
        self._changed = threading.Condition()
        self.scheduler = Scheduler(self._heard, self._ended, lanes)

    def _heard(self, job: int, audio: Audio) -> None:
        self.audio.append(job)

    def _ended(self, job: int, error: Exception | None, began: bool) -> None:
        with self._changed:
            self.ends[job] = (error, began)
            self._changed.notify_all()

    def wait(self, *jobs: int) -> None:
        """Wait until these jobs have ended."""
        with self._changed:
            assert self._changed.wait_for(lambda: set(jobs) <= set(self.ends), 5), self.ends


def job(number: int, chunks: Generator[Audio, None, None], urgency: int = 0, needed_in: float = 0.0) -> Job:
    return Job(number, chunks, CancelFlag(), urgency, time.monotonic() + needed_in)


def speech(chunks: int, seconds: float = 1.0) -> Generator[Audio, None, None]:
    for _ in range(chunks):
        yield Audio(np.ones(int(seconds * RATE), np.float32), RATE)


def gated(log: Log, *jobs: Callable[[], Job]) -> None:
    """Add jobs while the scheduler is held by another, so that they start together."""
    gate = threading.Event()

    def hold() -> Generator[Audio, None, None]:
        gate.wait(5)
        yield from ()

    log.scheduler.add(job(0, hold()))
    log.scheduler.start()
    for make in jobs:
        log.scheduler.add(make())
    gate.set()


def test_everyone_hears_the_first_chunk_before_anyone_the_second() -> None:
    log = Log()
    gated(log, *(lambda n=n: job(n, speech(3)) for n in (1, 2, 3)))
    log.wait(1, 2, 3)
    assert log.audio == [1, 2, 3] * 3
    assert all(end == (None, True) for number, end in log.ends.items() if number)


def test_who_runs_dry_first_goes_first() -> None:
    log = Log()
    gated(log, lambda: job(1, speech(2, seconds=0.01)), lambda: job(2, speech(2, seconds=10)))
    log.wait(1, 2)
    assert log.audio == [1, 2, 1, 2]


def test_a_later_sentence_waits_for_others_first_one() -> None:
    log = Log()
    gated(log, lambda: job(1, speech(1), needed_in=3), lambda: job(2, speech(1)))
    log.wait(1, 2)
    assert log.audio == [2, 1]


def test_urgency_beats_deadlines() -> None:
    log = Log()
    gated(log, lambda: job(1, speech(2), urgency=2), lambda: job(2, speech(2), urgency=0, needed_in=60))
    log.wait(1, 2)
    assert log.audio == [2, 2, 1, 1]


def test_cancel_ends_a_waiting_job_at_once() -> None:
    log = Log()
    gate = threading.Event()

    def hold() -> Generator[Audio, None, None]:
        gate.wait(5)
        yield from ()

    log.scheduler.add(job(1, hold()))
    log.scheduler.start()
    log.scheduler.add(job(2, speech(5)))
    time.sleep(0.02)
    log.scheduler.cancel(2)
    log.wait(2)
    assert isinstance(log.ends[2][0], Cancelled)
    assert 1 not in log.ends
    gate.set()
    log.wait(1)
    assert log.audio == []


def test_cancel_reaches_a_running_engine() -> None:
    log = Log()
    stopped = threading.Event()
    closed = threading.Event()
    running = Job(1, speech(0), CancelFlag(), 0, time.monotonic())
    running.cancel.on_set(stopped.set)

    def native() -> Generator[Audio, None, None]:
        try:
            assert stopped.wait(5)
            raise RuntimeError("terminated from outside")
            yield
        finally:
            closed.set()

    running.chunks = native()
    log.scheduler.add(running)
    log.scheduler.start()
    time.sleep(0.02)
    log.scheduler.cancel(1)
    log.wait(1)
    assert isinstance(log.ends[1][0], Cancelled)
    assert closed.is_set()


def test_a_failure_ends_only_its_own_job() -> None:
    def fails() -> Generator[Audio, None, None]:
        yield Audio(np.ones(10, np.float32), RATE)
        raise EngineError("no more")

    log = Log()
    gated(log, lambda: job(1, fails()), lambda: job(2, speech(3)))
    log.wait(1, 2)
    error, began = log.ends[1]
    assert (str(error), began) == ("no more", True)
    assert log.ends[2] == (None, True)
    assert log.audio.count(2) == 3


class Steps:
    """Jobs whose steps tell how many run at once and how much of the machine each was given."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._inside: list[int] = []
        self.together: set[frozenset[int]] = set()
        self.whole: dict[int, list[bool]] = {}

    def job(
        self, number: int, client: str, *, model: str = "m", parallel: bool = True, needed_in: float = 0, count: int = 4
    ) -> Job:
        """Steps of 20 ms, a second of audio each."""
        share = Share()

        def steps() -> Generator[Audio, None, None]:
            for _ in range(count):
                with self._lock:
                    self._inside.append(number)
                    self.together.add(frozenset(self._inside))
                    self.whole.setdefault(number, []).append(share.is_whole)
                time.sleep(0.02)
                with self._lock:
                    self._inside.remove(number)
                yield Audio(np.ones(RATE, np.float32), RATE)

        deadline = time.monotonic() + needed_in
        return Job(number, steps(), CancelFlag(), 0, deadline, client, model, parallel, share)


def test_who_is_alone_gets_the_whole_machine_for_one_step_at_a_time() -> None:
    log = Log(lanes=2)
    steps = Steps(log)
    log.scheduler.add(steps.job(1, "a"))
    log.scheduler.add(steps.job(2, "a", needed_in=3))
    log.scheduler.start()
    log.wait(1, 2)
    assert steps.together == {frozenset({1}), frozenset({2})}
    assert all(all(whole) for whole in steps.whole.values())


def test_a_crowd_shares_the_cores() -> None:
    log = Log(lanes=2)
    steps = Steps(log)
    for number in (1, 2, 3):
        log.scheduler.add(steps.job(number, str(number)))
    log.scheduler.start()
    log.wait(1, 2, 3)
    assert max(map(len, steps.together)) == 2
    # The last one may end alone.
    assert sum(whole.count(True) for whole in steps.whole.values()) <= 4


def test_steps_of_a_model_that_is_not_parallel_never_meet() -> None:
    log = Log(lanes=4)
    steps = Steps(log)
    for number in (1, 2, 3):
        log.scheduler.add(steps.job(number, str(number), parallel=False))
    log.scheduler.start()
    log.wait(1, 2, 3)
    assert set(map(len, steps.together)) == {1}


def test_two_models_in_one_worker_run_side_by_side() -> None:
    log = Log(lanes=2)
    steps = Steps(log)
    log.scheduler.add(steps.job(1, "a", model="x", parallel=False))
    log.scheduler.add(steps.job(2, "b", model="y", parallel=False))
    log.scheduler.start()
    log.wait(1, 2)
    assert frozenset({1, 2}) in steps.together


def test_nothing_joins_a_step_that_has_all_cores_and_cannot_share_them() -> None:
    log = Log(lanes=2)
    steps = Steps(log)
    reader = replace(steps.job(1, "a", model="x", parallel=False, count=8), exclusive=True, urgency=1)
    log.scheduler.add(reader)
    log.scheduler.start()
    time.sleep(0.03)
    log.scheduler.add(replace(steps.job(2, "b", model="y", parallel=False, count=1), exclusive=True))
    log.wait(1, 2)
    assert steps.together == {frozenset({1}), frozenset({2})}
    assert list(log.ends) == [2, 1]
    assert all(all(whole) for whole in steps.whole.values()), "who is less urgent is no company"


def test_a_newcomer_goes_before_those_with_audio_to_spare() -> None:
    log = Log(lanes=2)
    steps = Steps(log)
    for number in (1, 2):
        log.scheduler.add(steps.job(number, str(number), needed_in=30, count=40))
    log.scheduler.start()
    time.sleep(0.05)
    log.scheduler.add(steps.job(3, "3"))
    log.wait(3)
    assert 1 not in log.ends and 2 not in log.ends
    log.scheduler.cancel(1)
    log.scheduler.cancel(2)
    log.wait(1, 2)


def test_a_model_is_speaking_until_its_engine_has_cleaned_up() -> None:
    log = Log()
    cleaning, gate = threading.Event(), threading.Event()
    seen: list[bool] = []

    def slow_to_leave() -> Generator[Audio, None, None]:
        try:
            while True:
                yield Audio(np.ones(10, np.float32), RATE)
                time.sleep(0.01)
        finally:
            seen.append(log.scheduler.is_speaking("m"))
            cleaning.set()
            gate.wait(5)

    one = Job(1, slow_to_leave(), CancelFlag(), 0, time.monotonic(), model="m")
    assert not log.scheduler.is_speaking("m")
    log.scheduler.add(one)
    assert log.scheduler.is_speaking("m")
    assert not log.scheduler.is_speaking("other")
    log.scheduler.start()
    time.sleep(0.03)
    one.cancel.set()
    assert cleaning.wait(5)
    assert 1 not in log.ends
    gate.set()
    log.wait(1)
    assert isinstance(log.ends[1][0], Cancelled)
    assert not log.scheduler.is_speaking("m")
    assert seen == [True]


def test_an_engine_that_fails_to_clean_up_or_exits_does_not_end_the_turns() -> None:
    def fails_to_leave() -> Generator[Audio, None, None]:
        try:
            while True:
                yield Audio(np.ones(10, np.float32), RATE)
        finally:
            raise RuntimeError("no way out")

    def exits() -> Generator[Audio, None, None]:
        yield from ()
        raise SystemExit(3)

    log = Log()
    endless = job(1, fails_to_leave())
    log.scheduler.add(endless)
    log.scheduler.start()
    time.sleep(0.02)
    log.scheduler.cancel(1)
    log.scheduler.add(job(2, exits()))
    log.wait(1, 2)
    log.scheduler.add(job(3, speech(1)))
    log.wait(3)
    assert isinstance(log.ends[1][0], Cancelled)
    assert "SystemExit" in str(log.ends[2][0])
    assert log.ends[3] == (None, True)


@pytest.mark.slow
def test_who_waits_for_another_machine_keeps_nobody_waiting() -> None:
    log = Log(lanes=2)
    release = threading.Event()

    def silent() -> Generator[Audio, None, None]:
        release.wait(5)
        yield from speech(1)

    log.scheduler.start()
    for number in range(1, 5):
        log.scheduler.add(replace(job(number, silent()), waits=True))
    log.scheduler.add(replace(job(9, speech(2)), waits=True))
    log.scheduler.add(job(10, speech(2)))
    log.wait(9, 10)
    assert set(log.audio) == {9, 10} and not log.ends.keys() & {1, 2, 3, 4}
    log.scheduler.cancel(1)
    release.set()
    log.wait(1, 2, 3, 4)
    assert isinstance(log.ends[1][0], Cancelled) and set(log.audio) == {2, 3, 4, 9, 10}
