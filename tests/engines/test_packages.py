"""Packages are found where they are, and as soon as they are there."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wyoming_openspeakers.engines.packages import is_importable

NAME = "a_package_of_this_test"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this process looks for packages, too."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def put(folder: Path) -> None:
    """Install the package."""
    (folder / NAME).mkdir()
    (folder / NAME / "__init__.py").touch()
    # On a coarse clock two changes in a row have the same time.
    later = folder.stat().st_mtime_ns + 1_000_000_000
    os.utime(folder, ns=(later, later))


def test_what_comes_while_the_process_runs_is_found(folder: Path) -> None:
    assert not is_importable(NAME)
    put(folder)
    assert is_importable(NAME)
    (folder / NAME).rename(folder / "gone")
    os.utime(folder)
    assert not is_importable(NAME)


def test_another_place_is_looked_at_alone(tmp_path: Path) -> None:
    put(tmp_path)
    assert is_importable(NAME, str(tmp_path))
    assert not is_importable(NAME)
    assert not is_importable("pytest", str(tmp_path))


def test_what_is_imported_is_there_and_what_is_kept_out_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_importable("pytest")
    monkeypatch.setitem(sys.modules, "pytest", None)
    assert not is_importable("pytest")


def test_while_nothing_changes_nobody_looks_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []
    find: Callable[..., Any] = importlib.util.find_spec

    def counted(name: str) -> Any:
        looks.append(name)
        return find(name)

    monkeypatch.setattr(importlib.util, "find_spec", counted)
    assert [is_importable(NAME) for _ in range(20)] == [False] * 20
    assert looks == [NAME]
