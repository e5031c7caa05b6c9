"""Have a text spoken and cut it off, and see how long it takes until the worker lets go."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

from .stage import Performance, Spoken

WITHIN = 0.2
"""Seconds that it may take."""

_TRIES = 3
"""A machine that is busy with other things may be late once."""


@dataclass(frozen=True)
class Cut:
    """A text that was cut off."""

    spoken: Spoken
    took: float
    """Seconds until the worker had let go."""


async def cut_off(performance: Performance, text: str, after: float | None) -> Cut:
    """Cut a text off after so many seconds, or after its first chunk; again when it is late."""
    cuts = [await _cut_off(performance, text, after)]
    while cuts[-1].took > WITHIN and len(cuts) < _TRIES:
        cuts.append(await _cut_off(performance, text, after))
    return min(cuts, key=lambda cut: cut.took)


async def _cut_off(performance: Performance, text: str, after: float | None) -> Cut:
    spoken = Spoken()
    speaking = asyncio.create_task(performance.say_into(spoken, text))
    if after is None:
        await spoken.has_begun.wait()
    else:
        await asyncio.sleep(after)
    cut = time.monotonic()
    speaking.cancel()
    with suppress(asyncio.CancelledError):
        await speaking
    return Cut(spoken, time.monotonic() - cut)
