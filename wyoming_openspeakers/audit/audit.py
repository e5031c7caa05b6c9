"""An audit: all that was found in a package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..errors import EnvironmentFailed
from . import pins, topic
from .imports import Imports, imports_of
from .package import Package, installed
from .scan import scan, scan_data
from .topic import TOPICS, Finding, Topic

_LARGE = 100_000
"""Bytes from which a data file is named by itself."""


_STACKS = ("torch", "torchaudio", "torchvision", "vllm", "tensorflow", "jax", "triton", "gradio", "wandb", "matplotlib")
"""What is large, and known for what it is."""


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
    together: Mapping[str, pins.Together]
    """What the installer says to it together with each environment."""

    findings: tuple[Finding, ...]

    imports: Imports = field(default_factory=Imports)
    """What its code imports, whatever it says that it needs."""

    dependencies: tuple[Audit, ...] = ()
    """Of what it needs and no environment has, where that was asked for."""

    unknown: Mapping[str, str] = field(default_factory=dict)
    """What it needs and could not be had, and why."""

    def of(self, topic: Topic) -> list[Finding]:
        """The findings about a topic."""
        return [finding for finding in self.findings if finding.topic == topic]

    @property
    def is_serious(self) -> bool:
        """Whether something has to be done before an engine can be built on it."""
        return any(map(self.is_to_do, TOPICS)) or any(one.is_serious for one in self.dependencies)

    def is_to_do(self, topic: Topic) -> bool:
        """Whether something has to be done about a topic: what is for training or a demonstration may stay."""
        return topic.serious and any(not finding.is_aside for finding in self.of(topic))


def audit(wanted: str, *, use_pip: bool = False, online: bool = True, deep: bool = False) -> Audit:
    """Look at a package in a throwaway environment; raises EnvironmentFailed where it cannot be had."""
    found = _audit(wanted, use_pip, online)
    if not deep:
        return found
    dependencies, unknown = [], {}
    for requirement in found.requirements:
        needed = Requirement(requirement)
        needed.marker = None
        if pins.is_there(needed.name) or canonicalize_name(needed.name) in _STACKS:
            continue
        try:
            dependencies.append(_audit(str(needed), use_pip, online=False))
        except EnvironmentFailed as error:
            unknown[needed.name] = str(error)
    return replace(found, dependencies=tuple(dependencies), unknown=unknown)


def _audit(wanted: str, use_pip: bool, online: bool) -> Audit:
    with installed(wanted, use_pip=use_pip) as package:
        findings = [*pins.findings(package)]
        sources = {name: path.read_text("utf-8", errors="replace") for name, path in package.code()}
        for name, source in sources.items():
            findings += scan(source, name)
        for name, path in package.settings():
            findings += scan_data(path.read_text("utf-8", errors="replace"), name)
        findings = [finding for finding in findings if not _is_brought(finding, package)]
        together = pins.resolve(package) if online else {}
        findings += _together(together, findings)
        return Audit(
            name=package.name,
            version=package.version,
            licence=package.licence,
            summary=package.summary,
            size=package.size,
            modules=len(sources),
            requirements=tuple(map(str, package.requirements)),
            scripts=tuple(package.scripts),
            native=tuple(package.native()),
            data=_large(package),
            together=together,
            findings=tuple(findings),
            imports=imports_of(package.name, sources.items(), (one.name for one in package.requirements)),
        )


def _is_brought(finding: Finding, package: Package) -> bool:
    """Whether a native library is looked for by a package that has it."""
    return finding.topic == topic.NATIVE and not finding.what.startswith("/") and bool(package.native())


def _together(told: Mapping[str, pins.Together], found: list[Finding]) -> list[Finding]:
    """What only shows when all dependencies are resolved."""
    known = {finding.place for finding in found if finding.topic == topic.PINS}
    return [
        Finding(topic.PINS, environment, one.refusal)
        for environment, one in told.items()
        if environment not in known and ("unsatisfiable" in one.refusal or "incompatible" in one.refusal)
    ]


def _large(package: Package) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(((name, size) for name, size in package.data() if size >= _LARGE), key=lambda one: -one[1]))
