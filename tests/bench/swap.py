"""How fast models change places in memory, against reading and copying the same bytes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.results import Figure, middle
from bench.setup import Setup
from bench.torch_house import MANY_WORDS, checkpoints, say, torch_house

from wyoming_openspeakers.models.manager import Turn

_GIGABYTES = 1.05
_ROUNDS = 7

_FLOOR = """
import ctypes, gc, os, sys, time
import torch
from safetensors.torch import load_file
from transformers import VitsModel
from transformers.utils import logging
logging.disable_progress_bar()
torch.set_num_threads(int(sys.argv[2]))
model = None
for line in sys.stdin:
    began = time.perf_counter()
    if line.strip() == "copy":
        copies = {name: tensor.clone() for name, tensor in load_file(sys.argv[1]).items()}
        print(time.perf_counter() - began, flush=True)
        del copies
    else:
        model = None
        gc.collect()
        model = VitsModel.from_pretrained(os.path.dirname(sys.argv[1])).eval()
        sum(float(weight.sum()) for weight in model.parameters())  # it is mapped and not read until it is used
        print(time.perf_counter() - began, flush=True)
    # A model that comes finds memory that nobody has touched, so the next copy shall, too.
    ctypes.CDLL(None).malloc_trim(0)
"""
"""What cannot be avoided: a process that has all it needs imported opens the file and copies every tensor."""

_COLD_FLOOR = """
import sys
import torch
from transformers import AutoConfig, VitsModel
from safetensors.torch import load_file
copies = {name: tensor.clone() for name, tensor in load_file(sys.argv[1]).items()}
"""
"""The same with a process that has to be started."""


def measure(setup: Setup) -> list[Figure]:
    """Time every way to have a model, each next to its floor."""
    files = checkpoints(setup, _GIGABYTES, ("first", "second"))
    return asyncio.run(_measure(setup, files))


async def _measure(setup: Setup, files: dict[str, Path]) -> list[Figure]:
    weights = files["first"] / "model.safetensors"
    rounds = setup.count(_ROUNDS, least=3)
    times: dict[str, list[float]] = {}
    async with torch_house(setup, [*files, "small"], models__host_memory="90%") as service:
        _copy_small(setup)
        await service.manager.voices(patience=5)
        manager = service.manager
        with _floor(weights) as floor:
            for number in range(rounds + 1):
                # Each kind in turn and the floor beside it, so that what disturbs one disturbs all.
                taken = {"floor": await asyncio.to_thread(floor)}
                await manager.unload("small")
                taken["start to ready"] = await _timed(manager.load, "first")
                taken["cold floor"] = await asyncio.to_thread(_run_cold_floor, weights)
                await manager.load("small")
                await manager.unload("first")
                taken["cold"] = await _timed(manager.load, "first")
                await manager.park("first")
                taken["parked"] = await _timed(manager.load, "first")
                taken["audio"] = await _timed(lambda model: say(service, model, MANY_WORDS, Turn()), "first")
                await manager.unload("first")
                for kind, seconds in taken.items():
                    if number:  # the first round fills the page cache
                        times.setdefault(kind, []).append(seconds)
    times |= await _resident_to_resident(setup, rounds, weights)
    return _figures(times, weights.stat().st_size)


async def _resident_to_resident(setup: Setup, rounds: int, weights: Path) -> dict[str, list[float]]:
    """Two models under a budget for one, spoken with in turn: the second waits for the first to leave."""
    times: dict[str, list[float]] = {"swap": [], "swap floor": [], "reload": []}
    async with torch_house(setup, ["first", "second"], models__host_memory="1900MB") as service:
        with _floor(weights) as floor:
            for number in range(rounds + 1):
                for model in ("first", "second"):
                    beside = await asyncio.to_thread(floor)
                    reload = await asyncio.to_thread(floor, "reload")
                    seconds = await _timed(service.manager.load, model)
                    if number:
                        times["swap"].append(seconds)
                        times["swap floor"].append(beside)
                        times["reload"].append(reload)
                other = service.manager.state("first")
                assert other != "resident", f"there was room for both: the first is {other}"
    return times


def _figures(times: dict[str, list[float]], size: int) -> list[Figure]:
    middles = {kind: middle(values) for kind, values in times.items()}
    floor = middles["floor"]
    note = f"{size / 1e9:.2f} GB on the processor; load_file and a copy of each tensor: {floor * 1000:.0f} ms"

    def ratio(kind: str, floor_kind: str) -> float:
        return middle([ours / floor for ours, floor in zip(times[kind], times[floor_kind], strict=True)])

    return [
        Figure("swap", "cold to resident, process running", ratio("cold", "floor"), at_most=1.2,
               note=f"{middles['cold'] * 1000:.0f} ms; {note}"),
        Figure("swap", "parked to resident", ratio("parked", "floor"), at_most=1.2,
               note=f"{middles['parked'] * 1000:.0f} ms"),
        Figure("swap", "resident to resident, budget for one", ratio("swap", "swap floor"), at_most=1.2,
               note=f"{middles['swap'] * 1000:.0f} ms with the other's leaving; "
                    f"floor {middles['swap floor'] * 1000:.0f} ms"),
        Figure("swap", "resident to resident against dropping and from_pretrained", ratio("swap", "reload"), at_most=1,
               note=f"{middles['reload'] * 1000:.0f} ms"),
        Figure("swap", "cold to resident with the start of the process", ratio("start to ready", "cold floor"),
               at_most=1.2, note=f"{middles['start to ready']:.2f} s; a process that imports and copies: "
                                 f"{middles['cold floor']:.2f} s"),
    ]  # fmt: skip


async def _timed(work: Callable[[str], Awaitable[object]], model: str) -> float:
    began = time.perf_counter()
    await work(model)
    return time.perf_counter() - began


def _copy_small(setup: Setup) -> None:
    from tiny_models import vits

    folder = setup.folder / "models" / "small"
    folder.mkdir(parents=True)
    vits(folder)


@contextmanager
def _floor(weights: Path) -> Iterator[Callable[..., float]]:
    """A process that measures the floor, or what others do, each time it is asked."""
    command = [sys.executable, "-c", _FLOOR, str(weights), "2"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout

        def ask(what: str = "copy") -> float:
            assert process.stdin and process.stdout
            process.stdin.write(f"{what}\n")
            process.stdin.flush()
            return float(process.stdout.readline())

        ask()
        yield ask
        process.stdin.close()


def _run_cold_floor(weights: Path) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", _COLD_FLOOR, str(weights)], check=True)
    return time.perf_counter() - began

