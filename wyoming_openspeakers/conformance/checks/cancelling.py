"""Letting go of what nobody wants to hear any more."""

from __future__ import annotations

from ..check import check
from ..cut import WITHIN, cut_off
from ..outcome import Outcome, demand, passed
from ..stage import Stage
from ..steady import steady_if_any
from ..texts import LONG, TOLERANCE, describe_difference, difference

_AT_ONCE = (0.0, 0.05)
"""Seconds after the request: before its turn comes, and when the engine has hardly begun."""

_MOMENTS = (0.02, 0.1, 0.3)
"""Seconds after the request, for an engine may listen in one phase of its work and not in another."""

_TEXT = LONG * 4


@check("cancel at once", "does nothing for a request that is taken back at once", seconds=30, needs="sound")
async def CANCEL_BEFORE(stage: Stage) -> Outcome:  # noqa: N802
    """Cancelled before the engine has begun, and when it has hardly."""
    performance = await stage.ready()
    worst = 0.0
    for moment in _AT_ONCE:
        took = (await cut_off(performance, _TEXT, after=moment)).took
        demand(took <= WITHIN, f"it lets go after {_ms(took)}; {_ms(WITHIN)} are allowed", _ms(took))
        worst = max(worst, took)
    demand(bool((await performance.say()).samples.size), "it says nothing afterwards")
    return passed("it lets go, and speaks afterwards", _ms(worst))


@check("cancel", "stops within 200 ms wherever it is, and speaks again as before", seconds=120, needs="sound")
async def CANCEL(stage: Stage) -> Outcome:  # noqa: N802
    """Cancelled early, later, and when the first chunk has come."""
    performance = await stage.ready()
    same = await steady_if_any(stage)
    worst = 0.0
    for moment in (*_MOMENTS, None):
        # Who gives a sentence as a whole has little left to stop then; between sentences "long text" looks at it.
        text = _TEXT if moment is not None or stage.subject.capabilities.streaming else LONG
        took = (await cut_off(performance, text, moment)).took
        when = "when the first chunk has come" if moment is None else f"{_ms(moment)} after the request"
        demand(took <= WITHIN, f"cancelled {when} it goes on for {_ms(took)}; {_ms(WITHIN)} are allowed", _ms(took))
        worst = max(worst, took)
    after = (await performance.say(**(same.request if same else {}))).samples
    if same is None:
        demand(bool(after.size), "it says nothing afterwards")
        return passed("it lets go wherever it is, and speaks again", _ms(worst))
    what = describe_difference(same.samples, after)
    demand(difference(same.samples, after) <= TOLERANCE, f"it speaks differently afterwards: {what}")
    return passed("it lets go wherever it is, and speaks again as before", _ms(worst))


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
