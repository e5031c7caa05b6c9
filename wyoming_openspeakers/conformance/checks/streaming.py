"""Audio before the sentence is complete, and the same audio as without company."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import numpy as np

from ..check import check
from ..outcome import Outcome, Skipped, demand, passed
from ..stage import Spoken, Stage
from ..steady import steady
from ..texts import LONG, OTHER, TOLERANCE, describe_difference, difference

_TRIES = 3
"""A machine that is busy with other things may be late once."""

_EARLY = 0.8
"""Part of the whole time by which a streaming engine has given its first chunk."""

_INSTANT = 0.05
"""Seconds of work in which there is no early and late."""

_CLICK = 1.5
"""How many times the largest step inside of chunks a step between two of them may be."""

_FAINT = 0.02
"""Steps below this are no click in any case."""


@check("stream is whole", "streams what it says as a whole, without clicks between chunks", seconds=180, needs="sound")
async def STREAM_IS_WHOLE(stage: Stage) -> Outcome:  # noqa: N802
    """A long sentence alone, and again chunk by chunk in turns with others, which must be the same to the listener."""
    performance, has = await stage.ready(), stage.subject.capabilities
    same = (await steady(stage)).request
    whole = await performance.say(LONG, **same)
    if has.concurrency > 1:
        turns, *_ = await asyncio.gather(
            performance.say(LONG, client="one", **same),
            performance.say(OTHER, client="another"),
            performance.say(OTHER, client="a third"),
        )
    else:
        turns = await performance.say(LONG, **same)
    apart = difference(whole.samples, turns.samples)
    what = describe_difference(whole.samples, turns.samples)
    demand(apart <= TOLERANCE, f"in turns with others it sounds different: {what}; allowed are {TOLERANCE}")
    if has.streaming:
        for spoken in (whole, turns):
            step, usual = _seams(spoken)
            demand(
                step <= max(_FAINT, _CLICK * usual),
                f"between two chunks the sound jumps by {step:.2g}, inside of them by {usual:.2g} at most",
            )
    return passed(f"{len(turns.chunks)} chunks, as in one go; allowed are {TOLERANCE}", f"{apart:.2g}")


def _seams(spoken: Spoken) -> tuple[float, float]:
    """The largest step from a sample to the next between two chunks, and inside of chunks."""
    chunks = [chunk for chunk in spoken.chunks if chunk.size > 1]
    between = [abs(float(after[0] - before[-1])) for before, after in pairwise(chunks)]
    inside = [float(np.abs(np.diff(chunk)).max()) for chunk in chunks]
    return max(between, default=0.0), max(inside, default=0.0)


@check("first chunk", "gives the first chunk before the last is made", seconds=180, needs="sound")
async def FIRST_CHUNK(stage: Stage) -> Outcome:  # noqa: N802
    """A long sentence: when the first chunk comes, and when the last."""
    performance = await stage.ready()
    if not stage.subject.capabilities.streaming:
        raise Skipped("it declares that it gives a sentence as a whole")
    share = 1.0
    for _ in range(_TRIES):
        spoken = await performance.say(LONG)
        demand(len(spoken.chunks) > 1, "it declares streaming, and a long sentence comes in one chunk")
        share = min(share, spoken.times[0] / spoken.seconds)
        if share <= _EARLY:
            break
    first = spoken.times[0]
    if spoken.seconds < _INSTANT:
        return passed(f"all {len(spoken.chunks)} chunks come at once", f"{first * 1000:.0f} ms")
    demand(share <= _EARLY, f"the first chunk comes after {share:.0%} of the work", f"{first * 1000:.0f} ms")
    return passed(
        f"the first of {len(spoken.chunks)} chunks comes after {share:.0%} of the work", f"{first * 1000:.0f} ms"
    )
