"""Taking memory and giving it back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...models.hub.installed import size_on_disk
from ...worker.protocol import Memory
from ..check import check
from ..outcome import Outcome, demand, passed
from ..stage import Performance, Stage
from ..steady import steady_if_any
from ..texts import TOLERANCE, describe_difference, difference

_ROUNDS = 5
_SETTLED = 1
"""The first rounds fill caches and start threads."""

_NOISE = 16_000_000
"""Bytes that a process may grow by in a round: allocators and thread pools keep some."""

_PART = 0.1
"""Part of what the model takes that may go in a round."""

_LARGE = 64_000_000
"""Bytes of a model from which it can be seen whether the last load took memory anew."""


@check("park", "parks and comes back, and then says the same", seconds=180, needs="sound")
async def PARK(stage: Stage) -> Outcome:  # noqa: N802
    """Off the device and back; where its engine does not park, the worker unloads it and loads it again."""
    performance, name = await stage.ready(), stage.subject.name
    same = await steady_if_any(stage)
    parked = await performance.worker.park(name)
    demand(not parked.model_device, f"parked it still has {_mb(parked.model_device)} on the device")
    began = time.monotonic()
    await performance.worker.unpark(name)
    took = time.monotonic() - began
    after = (await performance.say(**(same.request if same else {}))).samples
    demand(bool(after.size), "back from parking it says nothing")
    if same:
        what = describe_difference(same.samples, after)
        demand(difference(same.samples, after) <= TOLERANCE, f"back from parking it says something else: {what}")
    how = "parks itself" if stage.subject.capabilities.parks and stage.subject.device != "cpu" else "is loaded again"
    return passed(f"it {how}, and {'says the same' if same else 'speaks'}", f"{took:.2f} s")


@check("memory", "gives its memory back when it is unloaded", seconds=300)
async def MEMORY(stage: Stage) -> Outcome:  # noqa: N802
    """Loaded, spoken with and unloaded, several times from its process's start: from the second on it must not grow."""
    performance, told = await stage.untouched()
    rounds = [await _round(performance, told)]
    while len(rounds) < _ROUNDS:
        rounds.append(await _round(performance, await performance.load()))
    host = _demand_given_back("host memory", [(one.loaded.host, one.left.host) for one in rounds])
    gpu = _demand_given_back("GPU memory", [(one.loaded.device, one.left.device) for one in rounds])
    first, last = rounds[0].added, rounds[-1].added
    # What the first load takes is not all the model's: its library gets ready, too.
    model = min(first, sum(size_on_disk(Path(path)) for path in stage.subject.spec.paths))
    demand(
        model < _LARGE or last > model / 4,
        f"the first load takes {_mb(first)}, a later one {_mb(last)}: what was unloaded is still there",
        _mb(first - last),
    )
    device = rounds[-1].left.device
    demand(device <= _NOISE, f"unloaded it still has {_mb(device)} on the GPU", _mb(device))
    return passed(f"it takes {_mb(max(first, last))} and gives them back; growth by round", _mb(max(host, gpu)))


def _demand_given_back(what: str, rounds: Sequence[tuple[int, int]]) -> int:
    """Fail when more and more is gone; by how much it grows in a round."""
    taken = max(0, max(loaded for loaded, _ in rounds) - min(left for _, left in rounds))
    grown = (rounds[-1][1] - rounds[_SETTLED][1]) // (len(rounds) - 1 - _SETTLED)
    allowed = max(_NOISE, round(_PART * taken))
    lost = f"each round {_mb(grown)} more of {what} are gone"
    demand(grown <= allowed, f"{lost}; of {_mb(taken)} at most {_mb(allowed)} may be", _mb(grown))
    return max(0, grown)


@dataclass(frozen=True)
class _Round:
    added: int
    """Bytes that loading took, on the host and on the GPU."""

    loaded: Memory
    left: Memory


async def _round(performance: Performance, told: Memory) -> _Round:
    """Speak and unload, after loading has told what it took."""
    if performance.subject.voices:
        await performance.say()
    left = await performance.unload()
    return _Round(told.model_host + told.model_device, told, left)


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
