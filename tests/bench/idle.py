"""Whether memory is really given back when nobody has used a model for long enough."""

from __future__ import annotations

import asyncio
import time

import psutil
from bench.results import Figure
from bench.setup import Setup
from bench.torch_house import MANY_WORDS, checkpoints, family_memory, say, torch_house

from wyoming_openspeakers.models.manager import Turn
from wyoming_openspeakers.service import Service

_KEEP_ALIVE = 2.0


def measure(setup: Setup) -> list[Figure]:
    """Speak with two models, one of them for good, and see what goes when the other's time is over."""
    checkpoints(setup, 0.5, ("stays", "goes"))
    return asyncio.run(_measure(setup))


async def _measure(setup: Setup) -> list[Figure]:
    async with torch_house(setup, ["stays", "goes"]) as service:
        alone = await _rise_and_fall(service)
        await say(service, "stays", MANY_WORDS, Turn())
        await asyncio.sleep(1)
        floor = family_memory()
        beside = await _rise_and_fall(service)
    return [
        Figure("idle", "worker processes after the only model's time", alone[3], at_most=0,
               note=f"{alone[0] / 1e6:.0f} MB while it was there, gone {alone[2]:.2f} s after its last use "
                    f"(keep_alive {_KEEP_ALIVE:g} s)"),
        Figure("idle", "memory of workers after it", alone[1] / 1e6, "MB", at_most=0),
        Figure("idle", "memory left of a model beside another", (beside[1] - floor) / (beside[0] - floor), at_most=0.05,
               note=f"{floor / 1e6:.0f} MB, with both {beside[0] / 1e6:.0f} MB, afterwards {beside[1] / 1e6:.0f} MB"),
    ]  # fmt: skip


async def _rise_and_fall(service: Service) -> tuple[int, int, float, int]:
    """Memory while a model is there and after its time, how long that took, and the processes that are left."""
    await say(service, "goes", MANY_WORDS, Turn(keep_alive=_KEEP_ALIVE))
    began = time.monotonic()
    there = family_memory()
    while service.manager.state("goes") != "cold":
        assert time.monotonic() - began < 30, "it never went"
        await asyncio.sleep(0.02)
    took = time.monotonic() - began
    return there, family_memory(), took, len(psutil.Process().children(recursive=True))
