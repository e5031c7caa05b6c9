"""Taking memory and giving it back."""

from __future__ import annotations

import time

from ..check import check
from ..outcome import Outcome, demand, passed
from ..stage import Performance, Stage
from ..steady import steady
from ..texts import LONG, TOLERANCE, describe_difference, difference

_ROUNDS = 4

_NOISE = 24_000_000
"""Bytes that a process may differ by from one round to the next: allocators and thread pools keep some."""

_PART = 0.1
"""Part of what the model takes that may remain."""


@check("park", "parks and comes back, and then says the same", seconds=180, needs="sound")
async def PARK(stage: Stage) -> Outcome:  # noqa: N802
    """Off the device and back; where its engine does not park, the worker unloads it and loads it again."""
    performance, name = await stage.ready(), stage.subject.name
    same = await steady(stage)
    before = (await performance.say(**same)).samples
    parked = await performance.worker.park(name)
    demand(not parked.model_device, f"parked it still has {_mb(parked.model_device)} on the device")
    began = time.monotonic()
    await performance.worker.unpark(name)
    took = time.monotonic() - began
    after = (await performance.say(**same)).samples
    what = describe_difference(before, after)
    demand(difference(before, after) <= TOLERANCE, f"back from parking it says something else: {what}")
    how = "parks itself" if stage.subject.capabilities.parks and stage.subject.device != "cpu" else "is loaded again"
    return passed(f"it {how}, and says the same", f"{took:.2f} s")


@check("memory", "gives its memory back when it is unloaded", seconds=300)
async def MEMORY(stage: Stage) -> Outcome:  # noqa: N802
    """Loaded, spoken with and unloaded, several times in a process of its own: from the second on it must not grow."""
    async with stage.fresh() as performance:
        loaded, left = [], []
        for _ in range(_ROUNDS):
            taken, kept = await _round(performance)
            loaded.append(taken)
            left.append(kept)
    for what, place in (("host memory", 0), ("GPU memory", 1)):
        taken = max(one[place] for one in loaded) - min(one[place] for one in left)
        grown = left[-1][place] - left[1][place]
        allowed = max(_NOISE, round(_PART * taken))
        demand(
            grown <= allowed,
            f"after two more rounds {_mb(grown)} more of {what} are gone; of {_mb(taken)} at most {_mb(allowed)} may be",
            _mb(grown),
        )
    device = left[-1][1]
    demand(device <= _NOISE, f"unloaded it still has {_mb(device)} on the GPU", _mb(device))
    taken, grown = max(one[0] for one in loaded) - left[-1][0], left[-1][0] - left[1][0]
    return passed(f"it takes {_mb(max(0, taken))} and gives them back; growth in two rounds", _mb(grown))


async def _round(performance: Performance) -> tuple[tuple[int, int], tuple[int, int]]:
    """Load, speak and unload; what the process takes before and after that."""
    name = performance.subject.name
    await performance.load()
    if performance.subject.voices:
        await performance.say(LONG)
    loaded = performance.worker.memory
    # What an engine takes only while it speaks has gone by then; what it keeps has not.
    told = await performance.worker.unload(name)
    return (loaded.host, loaded.device), (told.host, told.device)


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
