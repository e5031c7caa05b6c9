"""Dependencies point one way, and the main process stays light: read from the source itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = "wyoming_openspeakers"
ROOT = Path(__file__).parent.parent / PACKAGE
MODULES = {
    ".".join((PACKAGE, *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
}

LAYERS = (
    "engines", "worker", "models", "speech", "history", "jobs", "fronts", "service", "conformance", "audit", "cli",
)  # fmt: skip
"""From the bottom to the top."""

_LEAVES = ("errors", "events", "config", "addresses", "installation", "links", "listening", "no_telemetry")

LEAVES = {PACKAGE, *(name for name in MODULES if name.split(".")[1:2] in [[leaf] for leaf in _LEAVES])}
"""What every layer of the main process may use."""

ENGINE_PACKAGES = {"onnxruntime", "torch", "transformers", "piper", "hibari", "misaki", "onnx", "espeakng_loader"}

LONG: dict[str, str] = {}
"""Modules that may be longer, and why."""

MOST_LINES = 300


def imports(module: str) -> Iterator[str]:
    """The full names of all modules that a module imports, at its top or inside a function."""
    path = MODULES[module]
    package = module if path.stem == "__init__" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                yield name if (name := f"{base}.{alias.name}") in MODULES else base


def own_imports(module: str) -> set[str]:
    return {name for name in imports(module) if name.partition(".")[0] == PACKAGE}


def layer(module: str) -> str:
    """`models` of `wyoming_openspeakers.models.hub.fetch`."""
    return module.split(".")[1] if "." in module else ""


def of(*layers: str) -> list[str]:
    return [module for module in MODULES if layer(module) in layers]


def test_the_imports_are_found() -> None:
    assert f"{PACKAGE}.worker.protocol" in own_imports(f"{PACKAGE}.models.manager")
    assert f"{PACKAGE}.engines.base" in own_imports(f"{PACKAGE}.engines.hibari")
    assert PACKAGE in own_imports(f"{PACKAGE}.service")
    assert "onnxruntime" in {name for module in of("engines") for name in imports(module)}


@pytest.mark.slow
@pytest.mark.parametrize("module", of(*LAYERS))
def test_dependencies_point_downwards(module: str) -> None:
    rank = LAYERS.index(layer(module))
    for name in own_imports(module) - LEAVES:
        assert layer(name) in LAYERS[: rank + 1], f"{module} imports {name}"


def test_every_module_has_its_place() -> None:
    placed = {*of(*LAYERS), *LEAVES, f"{PACKAGE}.__main__"}
    assert set(MODULES) == placed


@pytest.mark.parametrize("module", of("worker", "engines"))
def test_what_runs_in_a_worker_needs_nothing_else_of_the_package(module: str) -> None:
    assert {layer(name) for name in own_imports(module)} <= {"worker", "engines"}


@pytest.mark.parametrize("module", of("fronts"))
def test_fronts_do_not_know_each_other_nor_workers(module: str) -> None:
    mine = module.split(".")[2] if module.count(".") > 1 else ""
    others = {name.split(".")[2] for name in own_imports(module) if layer(name) == "fronts" and name.count(".") > 1}
    assert others <= {mine}
    assert "worker" not in {layer(name) for name in own_imports(module)}


@pytest.mark.parametrize("part", ["text", "audio"])
def test_text_and_audio_are_used_by_speech_and_use_nothing_of_it(part: str) -> None:
    prefix = f"{PACKAGE}.speech.{part}"
    for module in MODULES:
        if module.startswith(prefix):
            allowed = {name for name in MODULES if name.startswith(prefix)} | {PACKAGE, f"{PACKAGE}.errors"}
            assert own_imports(module) <= allowed, module


@pytest.mark.parametrize("module", [module for module in MODULES if layer(module) != "engines"])
def test_only_engines_import_the_packages_of_engines(module: str) -> None:
    assert not {name.partition(".")[0] for name in imports(module)} & ENGINE_PACKAGES


@pytest.mark.parametrize("module", sorted(LEAVES))
def test_leaves_use_only_leaves(module: str) -> None:
    assert own_imports(module) <= LEAVES


@pytest.mark.slow
def test_the_main_process_stays_light() -> None:
    heavy = {*ENGINE_PACKAGES, "huggingface_hub", "babel", "unicode_rbnf", "scipy", "eld"}
    modules = [f"{PACKAGE}.service", f"{PACKAGE}.cli.main", *of("engines")]
    code = f"import sys, importlib; [importlib.import_module(m) for m in {modules!r}]; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    names = {name.partition(".")[0] for name in loaded.stdout.split()}
    assert PACKAGE in names
    assert not names & heavy


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_one_idea(module: str) -> None:
    lines = len(MODULES[module].read_text(encoding="utf-8").splitlines())
    assert (lines > MOST_LINES) == (module in LONG), f"{module} has {lines} lines"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_what_it_is(module: str) -> None:
    text = ast.get_docstring(ast.parse(MODULES[module].read_text(encoding="utf-8")))
    assert text and text.splitlines()[0].endswith("."), f"{module} opens without a sentence"
