"""How to have an engine say the same twice: with a seed, or where it has none to give, without its noise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..engines.base import Samples
from .outcome import Failed, Skipped
from .stage import Performance, Stage, Steady
from .texts import SEED, TOLERANCE, describe_difference, difference

_NOISE = ("noise", "temperature", "variation")


class Varies(Skipped):
    """Raised where two renditions cannot be compared, because they are never the same."""


async def steady_if_any(stage: Stage) -> Steady | None:
    """What to compare renditions by, where there is something: for checks that say more than that."""
    try:
        return await steady(stage)
    except Varies:
        return None


async def steady(stage: Stage) -> Steady:
    """What to compare renditions by; the check is skipped where there is nothing."""
    performance, known = await stage.ready(), stage.steadied
    if known is None:
        stage.steadied = await _found(stage, performance)
    elif known.performance is not performance:
        samples = (await performance.say(**known.request)).samples
        stage.steadied = replace(known, samples=samples, performance=performance)
    assert stage.steadied
    return stage.steadied


async def _found(stage: Stage, performance: Performance) -> Steady:
    apart = ""
    for request in ({"seed": SEED}, {"seed": SEED, "parameters": _still(stage)}):
        one, other = await _twice(performance, request)
        if difference(one, other) <= TOLERANCE:
            return Steady(request, one, performance)
        apart = apart or describe_difference(one, other)
    raise Varies(f"it never says the same twice, not with a seed either: {apart}")


def _still(stage: Stage) -> dict[str, Any]:
    """The parameters that make an engine vary, at nothing."""
    return {
        name: schema["minimum"]
        for name, schema in stage.subject.capabilities.parameters.items()
        if "minimum" in schema and any(word in name for word in _NOISE)
    }


async def _twice(performance: Performance, request: dict[str, Any]) -> tuple[Samples, Samples]:
    """Two renditions of the same request; another request comes between them."""
    one = (await performance.say(**request)).samples
    if not one.size:
        raise Failed("it says nothing")
    await performance.say(seed=SEED + 1)
    return one, (await performance.say(**request)).samples
