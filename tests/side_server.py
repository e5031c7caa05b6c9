"""A side server with operations of a test's own, and the answers that it gives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from wyoming_openspeakers.config import load_config
from wyoming_openspeakers.fronts.http.api import Operation
from wyoming_openspeakers.fronts.http.server import HttpServer


@asynccontextmanager
async def serving(data: Path, *operations: Operation, **flags: Any) -> AsyncIterator[HttpServer]:
    """A server of these operations: `serving(tmp_path, op, http__api_key="k")`."""
    flags = {name.replace("__", "."): value for name, value in flags.items()}
    config = load_config(flags={"data_dir": str(data), "http.address": "127.0.0.1:0", **flags})

    class Own:
        def __init__(self, parts: object) -> None:
            pass

        def operations(self) -> Sequence[Operation]:
            return operations

    server = HttpServer(SimpleNamespace(config=config), (Own,))  # type: ignore[arg-type]
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
