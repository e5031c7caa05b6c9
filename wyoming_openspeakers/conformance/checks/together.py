"""More than one listener."""

from __future__ import annotations

import asyncio

from ..check import check
from ..outcome import Outcome, demand, passed
from ..stage import Stage
from ..steady import steady
from ..texts import OTHER, TOLERANCE, describe_difference, difference, greeting


@check("together", "serves two at once as each alone, or declares a limit of one", seconds=120, needs="sound")
async def TOGETHER(stage: Stage) -> Outcome:  # noqa: N802
    """Two different sentences at once, and each by itself."""
    performance, has = await stage.ready(), stage.subject.capabilities
    if has.concurrency == 1:
        return passed("it declares a limit of one at a time", "1")
    hello = greeting(stage.subject.voice.languages[0])
    same = (await steady(stage)).request
    alone = [await performance.say(hello, **same), await performance.say(OTHER, **same)]
    both = await asyncio.gather(
        performance.say(hello, client="one", **same), performance.say(OTHER, client="another", **same)
    )
    for single, shared in zip(alone, both, strict=True):
        what = describe_difference(single.samples, shared.samples)
        demand(difference(single.samples, shared.samples) <= TOLERANCE, f"at once it says something else: {what}")
    took, one_by_one = max(one.seconds for one in both), sum(one.seconds for one in alone)
    return passed(f"two at once take {took:.2f} s, one after the other {one_by_one:.2f} s", f"{has.concurrency}")
