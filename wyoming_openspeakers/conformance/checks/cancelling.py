"""Letting go of what nobody wants to hear any more."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from ..check import check
from ..outcome import Outcome, demand, passed
from ..stage import Performance, Spoken, Stage
from ..steady import steady
from ..texts import LONG, TOLERANCE, describe_difference, difference

WITHIN = 0.2
"""Seconds."""

_TRIES = 3
"""A machine that is busy with other things may be late once."""

_MOMENTS = (0.02, 0.1, 0.3)
"""Seconds after the request, for an engine may listen in one phase of its work and not in another."""

_TEXT = LONG * 4


@check("cancel at once", "does nothing for a request that is taken back at once", seconds=30, needs="sound")
async def CANCEL_BEFORE(stage: Stage) -> Outcome:  # noqa: N802
    """Cancelled before the engine has begun."""
    performance = await stage.ready()
    took = min([await _cancel(performance, after=0.0) for _ in range(_TRIES)])
    demand(took <= WITHIN, f"it lets go after {took * 1000:.0f} ms; {WITHIN * 1000:.0f} are allowed", _ms(took))
    return passed("it lets go", _ms(took))


@check("cancel", "stops within 200 ms wherever it is, and speaks again as before", seconds=120, needs="sound")
async def CANCEL(stage: Stage) -> Outcome:  # noqa: N802
    """Cancelled early, later, and when the first chunk has come."""
    performance = await stage.ready()
    same = await steady(stage)
    before = (await performance.say(**same)).samples
    worst = 0.0
    for moment in (*_MOMENTS, None):
        took = WITHIN + 1
        for _ in range(_TRIES):
            took = min(took, await _cancel(performance, moment))
            if took <= WITHIN:
                break
        when = "when the first chunk has come" if moment is None else f"{moment * 1000:.0f} ms after the request"
        demand(took <= WITHIN, f"cancelled {when} it goes on for {took * 1000:.0f} ms; 200 are allowed", _ms(took))
        worst = max(worst, took)
    after = (await performance.say(**same)).samples
    what = describe_difference(before, after)
    demand(difference(before, after) <= TOLERANCE, f"it speaks differently afterwards: {what}")
    return passed("it lets go wherever it is, and speaks again as before", _ms(worst))


async def _cancel(performance: Performance, after: float | None) -> float:
    """Cut a long text off after so many seconds, or after its first chunk; how long until the worker has let go."""
    spoken = Spoken()
    speaking = asyncio.create_task(performance.say_into(spoken, _TEXT))
    if after is None:
        await spoken.has_begun.wait()
    else:
        await asyncio.sleep(after)
    cut = time.monotonic()
    speaking.cancel()
    with suppress(asyncio.CancelledError):
        await speaking
    return time.monotonic() - cut


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
