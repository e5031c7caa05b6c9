"""The add-on's folder, a Supervisor on this machine, and the folders of a container."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from addon_supervisor import FakeSupervisor, running_supervisor

from wyoming_openspeakers.cli.addon.plan import Places

ADDON = Path(__file__).parents[2] / "addon"


@pytest.fixture
def supervisor() -> Iterator[FakeSupervisor]:
    """A Supervisor on a port of its own."""
    with running_supervisor() as fake:
        yield fake


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """The folders of a container."""
    (tmp_path / "config").mkdir()
    return Places(tmp_path / "data" / "openspeakers", tmp_path / "config", tmp_path / "run")


@pytest.fixture(scope="session")
def manifest() -> dict[str, Any]:
    """The add-on's config.yaml."""
    read = yaml.safe_load((ADDON / "config.yaml").read_text())
    assert isinstance(read, dict)
    return read
