"""Work that is done one after another, and no more of it than can be waited for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from ...errors import Busy

Work = Callable[[], Awaitable[None]]


class Lane:
    """Does in order what it is given; it has a task only while there is something to do."""

    def __init__(self, name: str, most: int, on_idle: Callable[[], None] = lambda: None) -> None:
        self._name = name
        self._most = most
        self._on_idle = on_idle
        self._waiting: deque[Work] = deque()
        self._working: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, work: Work) -> None:
        """Do it in its turn; `work` answers for its own errors. Raises Busy when too much waits."""
        if len(self._waiting) >= self._most:
            raise Busy(f"{len(self._waiting)} {self._name} are waiting already; try again later")
        self._waiting.append(work)
        if self._working is None:
            self._working = asyncio.create_task(self._run(), name=f"mqtt {self._name}")

    def clear(self) -> int:
        """Forget what waits; how much that was."""
        count = len(self._waiting)
        self._waiting.clear()
        return count

    async def stop(self) -> None:
        """Leave everything undone."""
        self._waiting.clear()
        if self._working:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._waiting.popleft()()
        finally:
            self._working = None
            self._on_idle()
