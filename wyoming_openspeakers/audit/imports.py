"""What a package really imports, whatever it says that it needs: the list to install with --no-deps."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packaging.utils import canonicalize_name

_OTHER_NAMES = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "google": "protobuf",
    "jwt": "pyjwt",
    "PIL": "pillow",
    "pkg_resources": "setuptools",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Modules that are called otherwise than their packages."""


@dataclass(frozen=True)
class Imports:
    """The packages of others that a package imports, by the names of their modules."""

    at_once: tuple[str, ...] = ()
    """By a module of it that is more than training, tests or a demonstration, as soon as that is imported."""

    later: tuple[str, ...] = ()
    """Elsewhere: inside of functions, or where their absence is expected, or in training and the like."""

    unsaid: tuple[str, ...] = ()
    """Imported at once, and not among what it says that it needs."""

    unused: tuple[str, ...] = ()
    """What it says that it needs, and no module of that name is imported."""


def imports_of(own: str, sources: Iterable[tuple[str, str]], needs: Iterable[str]) -> Imports:
    """The imports of a package's sources, given by their places, with its own name and what it says that it needs."""
    at_once: set[str] = set()
    later: set[str] = set()
    wanted = {canonicalize_name(one) for one in needs}
    inside = {canonicalize_name(own)}
    for place, source in sources:
        top, *others = (canonicalize_name(part) for part in re.split(r"/|\.py$", place) if part)
        # Files that lie beside each other are no packages of others, unless it says that it needs one of that name.
        inside |= {top, *others} - (wanted - {top})
        for name, is_at_once in _imported(source):
            (at_once if is_at_once and not is_aside(place) else later).add(name)
    of_others = {name for name in {*at_once, *later} - sys.stdlib_module_names if _package(name) not in inside}
    packages = {_package(name) for name in of_others}
    return Imports(
        at_once=tuple(sorted(of_others & at_once, key=str.lower)),
        later=tuple(sorted(of_others - at_once, key=str.lower)),
        unsaid=tuple(sorted(name for name in of_others & at_once if _package(name) not in wanted)),
        unused=tuple(sorted(wanted - packages)),
    )


def is_aside(place: str) -> bool:
    """Whether a module is for training, tests or a demonstration: an engine does not come by it."""
    return _ASIDE.search(place) is not None


_ASIDE = re.compile(
    r"(^|[/_])(train|trainer|training|finetune|eval|evaluate|evaluation|tests?|testing|bench|benchmarks?|gradio|demo|"
    r"examples?|export|scripts?|prepare)([/_.]|$)"
)


def _package(module: str) -> str:
    return canonicalize_name(_OTHER_NAMES.get(module, module))


def _imported(source: str) -> Iterator[tuple[str, bool]]:
    """The first part of each module that is imported, and whether it is as soon as this one is."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return
    pending: list[tuple[ast.AST, bool]] = [(tree, True)]
    while pending:
        node, is_at_once = pending.pop()
        match node:
            case ast.Import():
                yield from ((alias.name.partition(".")[0], is_at_once) for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0], is_at_once
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() | ast.Try():
                is_at_once = False
            case ast.If() if "TYPE_CHECKING" in ast.unparse(node.test):
                continue
        pending += ((child, is_at_once) for child in ast.iter_child_nodes(node))
