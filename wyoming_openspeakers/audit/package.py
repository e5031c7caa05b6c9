"""Gets a package into a throwaway environment, without what it depends on, and says what is in it."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageMetadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from ..errors import EnvironmentFailed
from ..models.environments.builds import python_of
from ..models.environments.installer import find_python, find_uv

_PATIENCE = 300.0
_NATIVE = (".so", ".dylib", ".dll", ".pyd")
_SETTINGS = (".yaml", ".yml", ".json", ".toml")
_LONGEST_SETTINGS = 200_000
_LICENCE = re.compile(r"(LICEN[CS]E|COPYING)", re.IGNORECASE)
_CODE = (".py", ".pyi", ".pyc")


@dataclass(frozen=True)
class Package:
    """A package as it was installed."""

    distribution: Distribution
    files: tuple[tuple[str, Path], ...]
    """Its files, by their paths below site-packages."""

    python: Path
    """The interpreter of the environment that it is in."""

    uv: tuple[str, ...]
    """The command that runs uv; empty where there is none."""

    @property
    def name(self) -> str:
        """As the author writes it."""
        return self.distribution.metadata["Name"]

    @property
    def version(self) -> str:
        """Its version."""
        return self.distribution.version

    @property
    def requirements(self) -> list[Requirement]:
        """What it needs here, extras left out."""
        found = map(Requirement, self.distribution.requires or ())
        return [one for one in found if not one.marker or one.marker.evaluate({"extra": ""})]

    @property
    def licence(self) -> str:
        """What it says about its licence."""
        metadata = self.distribution.metadata
        told = _field(metadata, "License-Expression") or _field(metadata, "License")
        classifiers = [one for one in metadata.get_all("Classifier") or () if one.startswith("License ::")]
        named = told.strip().partition("\n")[0] or ", ".join(one.rpartition(" :: ")[2] for one in classifiers)
        return named or self._licence_file()

    def _licence_file(self) -> str:
        """The first line of the file that it comes with."""
        for name, path in self.files:
            if ".dist-info" in name and _LICENCE.match(path.name):
                return path.read_text("utf-8", errors="replace").strip().partition("\n")[0][:80]
        return ""

    @property
    def summary(self) -> str:
        """What it says that it is."""
        return _field(self.distribution.metadata, "Summary")

    @property
    def scripts(self) -> list[str]:
        """The commands that it installs."""
        return sorted(one.name for one in self.distribution.entry_points if one.group == "console_scripts")

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for _, path in self.files)

    def code(self) -> Iterator[tuple[str, Path]]:
        """Its modules."""
        return ((name, path) for name, path in self.files if path.suffix == ".py")

    def native(self) -> list[str]:
        """Its compiled libraries."""
        return [name for name, path in self.files if any(suffix in _NATIVE for suffix in path.suffixes)]

    def settings(self) -> Iterator[tuple[str, Path]]:
        """Its files of settings; a vocabulary is none."""
        for name, path in self.files:
            if path.suffix in _SETTINGS and ".dist-info" not in name and path.stat().st_size <= _LONGEST_SETTINGS:
                yield name, path

    def data(self) -> list[tuple[str, int]]:
        """Its files that are no code, and their sizes."""
        native = set(self.native())
        return [
            (name, path.stat().st_size)
            for name, path in self.files
            if path.suffix not in _CODE and name not in native and ".dist-info" not in name
        ]


@contextmanager
def installed(wanted: str, *, use_pip: bool = False) -> Iterator[Package]:
    """A package in an environment that is deleted at the end: `name`, `name==1.0`, or a path of a wheel or sdist."""
    uv = () if use_pip else tuple(find_uv() or ())
    with tempfile.TemporaryDirectory(prefix="engine-audit-") as folder:
        build = Path(folder, "environment")
        base = find_python(SpecifierSet(">=3.11"))
        _run(
            [*uv, "venv", "--quiet", "--no-project", "--python", base, str(build)]
            if uv
            else [base, "-m", "venv", str(build)]
        )
        python = python_of(build)
        before = set(_metadata(build))
        what = str(Path(wanted).absolute()) if Path(wanted).exists() else wanted
        if uv:
            _run([*uv, "pip", "install", "--quiet", "--python", str(python), "--no-deps", what])
        else:
            pip = [str(python), "-I", "-m", "pip", "--disable-pip-version-check", "--no-input"]
            _run([*pip, "install", "--quiet", "--no-deps", "--no-compile", what])
        new = [path for path in _metadata(build) if path not in before]
        if len(new) != 1:
            raise EnvironmentFailed(f"{wanted} was installed as {len(new)} packages; name one package")
        distribution = importlib.metadata.Distribution.at(new[0])
        files = tuple(
            (str(file), path)
            for file in distribution.files or ()
            if (path := Path(str(distribution.locate_file(file)))).is_file() and path.suffix != ".pyc"
        )
        yield Package(distribution, files, python, uv)


def _field(metadata: PackageMetadata, name: str) -> str:
    return metadata[name] or "" if name in metadata else ""


def _metadata(build: Path) -> list[Path]:
    # lib64 is often the same folder as lib.
    return sorted({path.resolve() for path in build.glob("[Ll]ib*/**/*.dist-info")})


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise EnvironmentFailed(f"{' '.join(command)} took more than {_PATIENCE:g} s") from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()[-8:]
        raise EnvironmentFailed("The package cannot be installed:" + "".join(f"\n  {line}" for line in lines))
