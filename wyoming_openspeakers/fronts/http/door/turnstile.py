"""Lets requests in one by one, so that a crowd at the door does not hold up those who ask for something small."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

TURNS: Final = 4
"""Turns of the loop from one request to the next: so few are in work at once that a turn is short, also in a crowd."""


class Turnstile:
    """Everything else that is ready goes on between two requests."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._turns = 0
        """How many are left until the next may come in."""

    async def enter(self) -> None:
        """Come in when it is one's turn."""
        loop = asyncio.get_running_loop()
        if not self._turns:
            self._turns = TURNS
            loop.call_soon(self._next)
            return
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _next(self) -> None:
        self._turns -= 1
        while not self._turns and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self._turns = TURNS
        if self._turns:
            asyncio.get_running_loop().call_soon(self._next)
