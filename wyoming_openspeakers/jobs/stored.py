"""Audio that was kept, read again without holding anybody up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from ..speech.audio.encode import decoded

_Item = TypeVar("_Item")

_END: Final = object()


def stored_audio(path: Path) -> AsyncGenerator[tuple[int, bytes], None]:
    """The audio of a file of ours: its rate and s16le mono, piece by piece."""
    return stepwise(decoded(path))


async def stepwise(blocking: Iterator[_Item]) -> AsyncGenerator[_Item, None]:
    """What a generator gives that blocks, each item made in a thread when it is asked for."""
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="stepwise")
    try:
        while (item := await loop.run_in_executor(thread, next, blocking, _END)) is not _END:
            yield item  # type: ignore[misc]
    finally:
        if close := getattr(blocking, "close", None):
            # In the same thread: the step that was left behind has to end first.
            thread.submit(close)
        thread.shutdown(wait=False)
