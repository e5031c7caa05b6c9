"""An audit: all that was found in a package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from . import pins, topic
from .package import Package, installed
from .scan import scan
from .topic import Finding, Topic

_LARGE = 100_000
"""Bytes from which a data file is named by itself."""


@dataclass(frozen=True)
class Audit:
    """What is known of a package."""

    name: str
    version: str
    licence: str
    summary: str
    size: int
    modules: int
    requirements: tuple[str, ...]
    scripts: tuple[str, ...]
    native: tuple[str, ...]
    data: tuple[tuple[str, int], ...]
    together: Mapping[str, str]
    """What the installer says to it together with each environment; empty where they go together."""

    findings: tuple[Finding, ...]

    def of(self, topic: Topic) -> list[Finding]:
        """The findings about a topic."""
        return [finding for finding in self.findings if finding.topic == topic]

    @property
    def is_serious(self) -> bool:
        """Whether something has to be done before an engine can be built on it."""
        return any(finding.topic.serious for finding in self.findings)


def audit(wanted: str, *, use_pip: bool = False, online: bool = True) -> Audit:
    """Look at a package in a throwaway environment; raises EnvironmentFailed where it cannot be had."""
    with installed(wanted, use_pip=use_pip) as package:
        findings = [*pins.findings(package)]
        modules = 0
        for name, path in package.code():
            modules += 1
            findings += scan(path.read_text("utf-8", errors="replace"), name)
        together = pins.resolve(package) if online else {}
        findings += _together(together, findings)
        return Audit(
            name=package.name,
            version=package.version,
            licence=package.licence,
            summary=package.summary,
            size=package.size,
            modules=modules,
            requirements=tuple(map(str, package.requirements)),
            scripts=tuple(package.scripts),
            native=tuple(package.native()),
            data=_large(package),
            together=together,
            findings=tuple(findings),
        )


def _together(told: Mapping[str, str], found: list[Finding]) -> list[Finding]:
    """What only shows when all dependencies are resolved."""
    known = {finding.place for finding in found if finding.topic == topic.PINS}
    return [
        Finding(topic.PINS, environment, said)
        for environment, said in told.items()
        if environment not in known and ("unsatisfiable" in said or "incompatible" in said)
    ]


def _large(package: Package) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(((name, size) for name, size in package.data() if size >= _LARGE), key=lambda one: -one[1]))
