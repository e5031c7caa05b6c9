"""What waits to be sent to a client that looks on: not much, for who cannot keep up is let go."""

from __future__ import annotations

import asyncio
from collections import deque


class TooSlow(Exception):
    """A client does not take what it is sent."""


class Outbox:
    """Filled by whoever has something to tell, without waiting; emptied by one who sends."""

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._waiting: deque[str] = deque()
        self._changed = asyncio.Event()
        self._is_full = False

    def put(self, text: str) -> None:
        """Add something; what comes after too much is lost, and with it the client."""
        if len(self._waiting) >= self._most:
            self._is_full = True
            self._waiting.clear()
        if not self._is_full:
            self._waiting.append(text)
        self._changed.set()

    async def get(self) -> str:
        """What has waited longest; raises TooSlow."""
        while not self._waiting:
            if self._is_full:
                raise TooSlow
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popleft()
