"""Jobs at work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from working_jobs import Working


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[Any]:
    """Have jobs at work: `working = await work(jobs__at_once=1)`; `data` goes on with what an earlier one left."""
    async with AsyncExitStack() as stack:

        async def begin(
            models: dict[str, dict[str, Any]] | None = None, data: Path | None = None, **flags: Any
        ) -> Working:
            settings = {name.replace("__", "."): value for name, value in flags.items()}
            return await stack.enter_async_context(Working(data or tmp_path / "data", models or {}, settings))

        yield begin
