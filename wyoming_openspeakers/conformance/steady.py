"""How to have an engine say the same twice: with a seed, or where it has none to give, without its noise."""

from __future__ import annotations

from typing import Any

from .outcome import Failed, Skipped
from .stage import Performance, Stage
from .texts import SEED, TOLERANCE, describe_difference, difference

_NOISE = ("noise", "temperature", "variation")


async def steady(stage: Stage) -> dict[str, Any]:
    """What to ask for besides the text, so that two renditions can be compared; the check is skipped where it fails."""
    if stage.steadied is None:
        performance = await stage.ready()
        for request in ({"seed": SEED}, {"seed": SEED, "parameters": _still(stage)}):
            if await apart(performance, request) is None:
                stage.steadied = request
                break
        else:
            raise Skipped("it never says the same twice, not with a seed either")
    return stage.steadied


def is_by_seed(request: dict[str, Any]) -> bool:
    """Whether the seed alone makes it so."""
    return not request.get("parameters")


def _still(stage: Stage) -> dict[str, Any]:
    """The parameters that make an engine vary, at nothing."""
    return {
        name: schema["minimum"]
        for name, schema in stage.subject.capabilities.parameters.items()
        if "minimum" in schema and any(word in name for word in _NOISE)
    }


async def apart(performance: Performance, request: dict[str, Any]) -> str | None:
    """How two renditions of the same request differ, or None; another request comes between them."""
    one = (await performance.say(**request)).samples
    if not one.size:
        raise Failed("it says nothing")
    await performance.say(seed=SEED + 1)
    other = (await performance.say(**request)).samples
    return None if difference(one, other) <= TOLERANCE else describe_difference(one, other)
