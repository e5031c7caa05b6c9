"""A manager for each test of models in real processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from managed import Manage, Managed
from processes import children as left_behind

from wyoming_openspeakers.models.profiles.profile import Profile


@pytest.fixture
async def manage(tmp_path: Path) -> AsyncIterator[Manage]:
    """Make a manager: `manage({"fault": {...}}, limits__queue=1)`; afterwards nothing of it may be left."""
    made: list[Managed] = []

    def make(
        models: dict[str, dict[str, Any]] | None = None,
        gpus: tuple[int, ...] = (),
        profiles: Sequence[Profile] = (),
        **flags: Any,
    ) -> Managed:
        settings = {name.replace("__", "."): value for name, value in flags.items()}
        made.append(managed := Managed(tmp_path, models or {}, settings, gpus, profiles))
        return managed

    yield make
    for managed in made:
        await managed.manager.stop()
    assert not left_behind()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
