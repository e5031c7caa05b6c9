"""Whether a package can live with what the service and its environments have pinned."""

from __future__ import annotations

import importlib.metadata
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ..models.environments.requirements import SHIPPED, SUFFIX
from .package import Package
from .topic import ORIGINS, PINS, Finding

_SERVICE = "wyoming-openspeakers"
_PATIENCE = 120.0


def findings(package: Package) -> Iterator[Finding]:
    """The requirements of a package that do not go with each environment's pins, and those from elsewhere."""
    for requirement in package.requirements:
        if requirement.url:
            yield Finding(ORIGINS, "requirements", str(requirement))
        for environment, pins in environments().items():
            pinned = pins.get(canonicalize_name(requirement.name))
            if pinned and not requirement.specifier.contains(pinned, prereleases=True):
                yield Finding(PINS, environment, f"wants {requirement}; {environment} has {requirement.name} {pinned}")


def is_there(name: str) -> bool:
    """Whether some environment has a package already."""
    return any(canonicalize_name(name) in pins for pins in environments().values())


def environments() -> Mapping[str, Mapping[str, str]]:
    """The versions of packages that each environment has."""
    found = {file.stem: pins_of(file) for file in sorted(SHIPPED.glob(f"*{SUFFIX}"))}
    return {"service": _of_service(), **found}


def pins_of(file: Path) -> dict[str, str]:
    """The versions that a requirements file pins exactly."""
    pins: dict[str, str] = {}
    for line in file.read_text("utf-8").splitlines():
        with suppress(InvalidRequirement):
            requirement = Requirement(line.partition(" #")[0].strip())
            exact = [one.version for one in requirement.specifier if one.operator == "=="]
            if exact and (not requirement.marker or requirement.marker.evaluate()):
                pins[canonicalize_name(requirement.name)] = exact[0]
    return pins


def _of_service() -> dict[str, str]:
    """What the service itself runs with now."""
    pins: dict[str, str] = {}
    with suppress(importlib.metadata.PackageNotFoundError):
        for text in importlib.metadata.requires(_SERVICE) or ():
            requirement = Requirement(text)
            if not requirement.marker or requirement.marker.evaluate({"extra": ""}):
                with suppress(importlib.metadata.PackageNotFoundError):
                    pins[canonicalize_name(requirement.name)] = importlib.metadata.version(requirement.name)
    return pins


@dataclass(frozen=True)
class Together:
    """A package and an environment, as the installer sees them."""

    refusal: str = ""
    """What it says where they do not go together."""

    brings: tuple[str, ...] = ()
    """What comes into the environment with it: `einops==0.8.2`. A very old version is what nobody would want."""


def resolve(package: Package) -> Mapping[str, Together]:
    """What the installer says to the package together with each environment."""
    if not package.uv:
        return {}
    told = {}
    for file in sorted(SHIPPED.glob(f"*{SUFFIX}")):
        with tempfile.TemporaryDirectory() as folder:
            both = Path(folder, "both.txt")
            needs = "".join(f"{requirement}\n" for requirement in package.requirements)
            both.write_text(file.read_text("utf-8") + f"\n{needs}", "utf-8")
            command = [
                *(*package.uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate"),
                *("--python", str(package.python), str(both)),
            ]
            told[file.stem] = _resolved(command, pins_of(file))
    return told


def _resolved(command: list[str], pinned: Mapping[str, str]) -> Together:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return Together(f"not known: the installer took more than {_PATIENCE:g} s")
    if done.returncode:
        return Together(" ".join(done.stderr.split()))
    found = (Requirement(line) for line in done.stdout.splitlines() if line[:1].isalnum() and "==" in line)
    return Together(brings=tuple(str(one) for one in found if _is_new(canonicalize_name(one.name), pinned)))


def _is_new(name: str, pinned: Mapping[str, str]) -> bool:
    # torch names the versions of its CUDA packages itself, so that no list of pins has them.
    return name not in pinned and not name.startswith(("nvidia-", "cuda-", "triton"))
