"""Figures, the aims they are held against, and the tables they are shown in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Figure:
    """One measured value."""

    measurement: str
    name: str
    value: float
    unit: str = ""
    """`ms`, `MB`, `%`, or empty for a ratio or a count."""

    at_most: float | None = None
    at_least: float | None = None
    """The aim; a figure without one is there to compare with."""

    note: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the aim is met, None without an aim."""
        if self.at_most is None and self.at_least is None:
            return None
        return (self.at_most is None or self.value <= self.at_most) and (
            self.at_least is None or self.value >= self.at_least
        )

    @property
    def aim(self) -> str:
        """The aim as text."""
        bounds = [f"{sign} {show(bound, self.unit)}" for sign, bound in (("≤", self.at_most), ("≥", self.at_least))
                  if bound is not None]  # fmt: skip
        return " and ".join(bounds)

    @property
    def verdict(self) -> str:
        """`holds`, `misses` or nothing."""
        return {True: "holds", False: "misses", None: ""}[self.holds]


def show(value: float, unit: str) -> str:
    """A value with as many digits as mean something, and its unit."""
    digits = 0 if value % 1 == 0 or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f}{f' {unit}' if unit else ''}"


def middle(values: Iterable[float]) -> float:
    """The median."""
    return percentile(values, 50)


def percentile(values: Iterable[float], percent: float) -> float:
    """The value that so many percent of all do not exceed, interpolated."""
    known = list(values)
    if not known:
        raise ValueError("no values to take a percentile of")
    return float(np.percentile(known, percent))


def plain_table(figures: Sequence[Figure]) -> str:
    """A table for a terminal."""
    rows = [(f.name, show(f.value, f.unit), f.aim, f.verdict, f.note) for f in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join((name.ljust(widths[0]), value.rjust(widths[1]), aim.ljust(widths[2]), verdict.ljust(widths[3]), note))
        .rstrip()
        for name, value, aim, verdict, note in rows
    )  # fmt: skip


def markdown_table(figures: Sequence[Figure]) -> str:
    """A table for the README."""
    lines = ["| Measurement | What | Measured | Aim | |", "|---|---|---:|---|---|"]
    for figure in figures:
        what = f"{figure.name} ({figure.note})" if figure.note else figure.name
        lines.append(
            f"| {figure.measurement} | {what} | {show(figure.value, figure.unit)} | {figure.aim} | {figure.verdict} |"
        )
    return "\n".join(lines)


def as_json(figures: Sequence[Figure]) -> str:
    """All figures for a program."""
    return json.dumps([asdict(figure) | {"holds": figure.holds} for figure in figures], indent=2)
