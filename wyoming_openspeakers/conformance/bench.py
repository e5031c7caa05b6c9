"""Runs checks on a subject, each within its time, so that a crash is an outcome and not the end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

from .check import Check
from .outcome import Failed, Outcome, Skipped, Verdict
from .stage import LOADING, Stage
from .subject import Subject


class Bench:
    """A subject that is being checked; a context manager, for it has processes."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._stage = Stage(subject)
        self._runner = asyncio.Runner()
        self._outcomes: dict[str, Outcome] = {}

    def __enter__(self) -> Self:
        self._runner.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._runner.run(self._stage.close())
        finally:
            self._runner.__exit__(kind, error, trace)

    def run_all(self, checks: Iterable[Check]) -> Iterator[tuple[Check, Outcome]]:
        """Run checks in their order, each outcome as it comes."""
        for check in checks:
            yield check, self.run(check)

    def run(self, check: Check) -> Outcome:
        """Run a check; one that needs another which has failed is skipped."""
        needed = self._outcomes.get(check.needs)
        if needed and needed.verdict is not Verdict.PASSED:
            outcome = Outcome(Verdict.SKIPPED, f"`{check.needs}` has not passed")
        else:
            outcome = self._runner.run(self._run(check))
        self._outcomes[check.name] = outcome
        return outcome

    async def _run(self, check: Check) -> Outcome:
        stage = self._stage
        await stage.begin_check()
        seconds = (check.seconds + (0 if stage.is_loaded else LOADING)) * self.subject.patience
        try:
            async with asyncio.timeout(seconds):
                outcome = await check.run(stage)
        except Skipped as skipped:
            return Outcome(Verdict.SKIPPED, str(skipped))
        except Failed as failed:
            await stage.settle()
            return Outcome(Verdict.FAILED, _with_crashes(str(failed), stage.crashes), failed.measured)
        except TimeoutError:
            await stage.abandon()
            return Outcome(Verdict.FAILED, f"it was not done within {seconds:g} s")
        except Exception as error:
            await stage.settle()
            # Whatever the engine's own code raises in this process, or a worker says where no error was expected.
            return Outcome(Verdict.FAILED, _with_crashes(str(error) or type(error).__name__, stage.crashes))
        if crashes := stage.crashes:
            return Outcome(Verdict.FAILED, _with_crashes(outcome.reason, crashes))
        return outcome


def _with_crashes(reason: str, crashes: list[str]) -> str:
    return f"{reason} (its process ended: {', '.join(crashes)})" if crashes else reason
