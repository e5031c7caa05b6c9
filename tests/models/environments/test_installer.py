"""Which Python an environment is made with."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from wyoming_openspeakers.errors import EnvironmentFailed
from wyoming_openspeakers.models.environments.installer import find_python
from wyoming_openspeakers.models.environments.requirements import WORKER_PYTHON


def test_a_python_that_fits_is_asked_not_only_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = SpecifierSet("==3.14.*")
    for name, answer in (("python3.20", "exit 127"), ("python3.14", "echo 3.14.2"), ("python3.12", "echo 3.12.1")):
        shim = tmp_path / name
        shim.write_text(f"#!/bin/sh\n{answer}\n")
        shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_python(WORKER_PYTHON) == sys.executable
    assert find_python(wanted) == str(tmp_path / "python3.14")
    (tmp_path / "python3.14").unlink()
    with pytest.raises(EnvironmentFailed, match=r"No Python .*3\.14.* was found"):
        find_python(wanted)
