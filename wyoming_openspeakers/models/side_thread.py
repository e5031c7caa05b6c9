"""Something that blocks, in a thread that the end of the program does not wait for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

_Result = TypeVar("_Result")


def in_side_thread(work: Callable[[], _Result], name: str) -> asyncio.Future[_Result]:
    """Start it; the future has its result. The event loop's own threads would hold up a stop until they end."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[_Result] = loop.create_future()

    def settle(result: _Result | None, error: BaseException | None) -> None:
        if ended.done():
            return
        if error is None:
            ended.set_result(result)  # type: ignore[arg-type]
        else:
            ended.set_exception(error)

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except BaseException as error:
            failure = error
        with suppress(RuntimeError):  # the loop is gone when the thread was left behind
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name=name, daemon=True).start()
    return ended
