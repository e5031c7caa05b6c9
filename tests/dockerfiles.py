"""Reads a Dockerfile as its builder does, so that tests can carry out its steps without one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?([-+])([^}]*))?\}|(\w+))")
_PAIR = re.compile(r"""([\w.-]+)=("(?:[^"\\]|\\.)*"|'[^']*'|\S*)""")


@dataclass(frozen=True)
class Step:
    """One instruction."""

    name: str
    """In capitals: RUN."""

    text: str
    flags: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        """Its words where it is written as a list: `CMD ["serve"]`."""
        found = json.loads(self.text)
        assert isinstance(found, list)
        return [str(word) for word in found]

    @property
    def pairs(self) -> dict[str, str]:
        """Its names and values: `ENV A=1 B="two words"`."""
        return {name: value.strip("\"'") for name, value in _PAIR.findall(self.text)}


@dataclass(frozen=True)
class Stage:
    """What follows one FROM."""

    name: str
    base: str
    steps: tuple[Step, ...]

    def all(self, name: str) -> list[Step]:
        """Its steps of one kind."""
        return [step for step in self.steps if step.name == name]

    def last(self, name: str) -> Step:
        """The step of a kind that counts where one replaces the other."""
        return self.all(name)[-1]

    @property
    def environment(self) -> dict[str, str]:
        """All that its ENVs set."""
        return {name: value for step in self.all("ENV") for name, value in step.pairs.items()}


@dataclass(frozen=True)
class Dockerfile:
    """All of it."""

    arguments: Mapping[str, str]
    """Those before the first FROM."""

    stages: tuple[Stage, ...]

    def stage(self, name: str) -> Stage:
        """A stage by its name; the last one has none."""
        return next(stage for stage in self.stages if stage.name == name)

    def final(self, **arguments: str) -> list[Stage]:
        """The stages that the image is made of, the outermost first, for these build arguments."""
        found = [self.stages[-1]]
        while True:
            base = expand(found[-1].base, {**self.arguments, **arguments})
            below = next((stage for stage in self.stages if stage.name == base), None)
            if below is None:
                return found
            found.append(below)


def read_dockerfile(path: Path) -> Dockerfile:
    """Parse it."""
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    for step in _steps(path.read_text()):
        if step.name == "FROM":
            base, _, name = step.text.partition(" AS ")
            stages.append(Stage(name.strip(), base.strip(), ()))
        elif stages:
            last = stages[-1]
            stages[-1] = Stage(last.name, last.base, (*last.steps, step))
        else:
            assert step.name == "ARG", f"{step.name} before FROM"
            name, _, value = step.text.partition("=")
            arguments[name] = value
    return Dockerfile(arguments, tuple(stages))


def expand(text: str, values: Mapping[str, str]) -> str:
    """A text with its variables filled in, as a builder does it."""

    def value(match: re.Match[str]) -> str:
        name, kind, other, bare = match.groups()
        found = values.get(name or bare, "")
        if kind == "-":
            return found or expand(other, values)
        if kind == "+":
            return expand(other, values) if found else ""
        return found

    return _VARIABLE.sub(value, text)


def _steps(text: str) -> list[Step]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    steps = []
    for line in filter(None, map(str.strip, joined.splitlines())):
        name, _, rest = line.partition(" ")
        assert name.isupper(), f"not an instruction: {line}"
        flags = {}
        while found := re.match(r"--([\w-]+)=(\S+)\s+", rest):
            flags[found[1]] = found[2]
            rest = rest[found.end() :]
        steps.append(Step(name, rest.strip().removeprefix("CMD ") if name == "HEALTHCHECK" else rest.strip(), flags))
    return steps
