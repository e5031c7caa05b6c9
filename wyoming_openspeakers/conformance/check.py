"""What a check is, and the list of them: the cheap ones first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .outcome import Outcome

if TYPE_CHECKING:
    from .stage import Stage

Run = Callable[["Stage"], Awaitable[Outcome]]


@dataclass(frozen=True)
class Check:
    """One demand on every engine."""

    name: str
    demand: str
    """What is wanted of an engine, in a sentence."""

    run: Run
    seconds: float
    """How long it may take on a usual machine, besides loading."""

    needs: str = ""
    """The check without which this one says nothing."""


def check(name: str, demand: str, *, seconds: float = 60, needs: str = "load") -> Callable[[Run], Check]:
    """Make a check of a function."""
    return lambda run: Check(name, demand, run, seconds, needs)
