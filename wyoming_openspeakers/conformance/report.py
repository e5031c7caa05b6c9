"""Outcomes as people read them: lines while checks run, and a table of engines and checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .check import Check
from .outcome import Outcome, Verdict

_MARKS = {Verdict.PASSED: "ok  ", Verdict.FAILED: "FAIL", Verdict.SKIPPED: "--  "}
_CELLS = {Verdict.PASSED: "yes", Verdict.FAILED: "**no**", Verdict.SKIPPED: "–"}

Results = Mapping[str, Mapping[str, Outcome]]
"""Outcomes by the check's name, by the subject's name."""


def line(subject: str, check: Check, outcome: Outcome) -> str:
    """An outcome on a line of a terminal."""
    measured = f" [{outcome.measured}]" if outcome.measured else ""
    return f"{_MARKS[outcome.verdict]} {f'{subject} {check.name}':<34} {' '.join(outcome.reason.split())}{measured}"


def summary(subject: str, outcomes: Mapping[str, Outcome]) -> str:
    """How a subject has done, in a sentence."""
    counts = {verdict: sum(one.verdict is verdict for one in outcomes.values()) for verdict in Verdict}
    failed = [name for name, one in outcomes.items() if one.verdict is Verdict.FAILED]
    text = f"{subject}: {counts[Verdict.PASSED]} passed, {len(failed)} failed, {counts[Verdict.SKIPPED]} do not apply"
    return f"{text}; failed: {', '.join(failed)}" if failed else text


def table(checks: Sequence[Check], results: Results) -> str:
    """A table in Markdown, with the reasons of what failed below it."""
    rows = [["Check", *results], ["---", *(":-:" for _ in results)]]
    rows += [
        [f"{check.name}: {check.demand}", *(_cell(outcomes.get(check.name)) for outcomes in results.values())]
        for check in checks
    ]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    for subject, outcomes in results.items():
        for name, outcome in outcomes.items():
            if outcome.verdict is Verdict.FAILED:
                lines.append(f"\n{subject}, {name}: {outcome.reason}")
    return "\n".join(lines) + "\n"


def _cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return ""
    text = _CELLS[outcome.verdict]
    return f"{text}, {outcome.measured}" if outcome.measured else text
