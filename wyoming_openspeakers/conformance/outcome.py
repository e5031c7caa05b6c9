"""How a check of an engine ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Whether the engine does what a check demands."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """The check does not apply, and the reason says why."""


@dataclass(frozen=True)
class Outcome:
    """What a check found."""

    verdict: Verdict
    reason: str
    """A sentence for whoever wrote the engine: what was seen, and where it is wrong what is wanted."""

    measured: str = ""
    """The figure that it was judged by, with its unit."""


class Failed(Exception):
    """Raised inside a check when the engine does not do what is demanded; its text is the reason."""

    def __init__(self, reason: str, measured: str = "") -> None:
        super().__init__(reason)
        self.measured = measured


class Skipped(Exception):
    """Raised inside a check that does not apply to an engine; its text is the reason."""


def passed(reason: str, measured: str = "") -> Outcome:
    """An outcome that is as it should be."""
    return Outcome(Verdict.PASSED, reason, measured)


def demand(is_so: bool, reason: str, measured: str = "") -> None:
    """Fail, for a reason that says what was seen instead."""
    if not is_so:
        raise Failed(reason, measured)
