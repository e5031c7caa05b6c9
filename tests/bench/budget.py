"""Three models under a budget for two, wanted at random; and who goes first when an audiobook is being read."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from itertools import pairwise

from bench.results import Figure, middle, percentile
from bench.setup import Setup
from bench.torch_house import MANY_WORDS, checkpoints, family_memory, say, torch_house

from wyoming_openspeakers.errors import SpeechError
from wyoming_openspeakers.models.manager import Turn
from wyoming_openspeakers.models.queue import Urgency
from wyoming_openspeakers.service import Service
from wyoming_openspeakers.speech.request import SpeechRequest

_GIGABYTES = 0.3
_MODELS = ("first", "second", "third")
_CLIENTS = 6
_SAMPLE_EVERY = 0.01
_PAGE_ROUNDING = 4 << 20


def measure(setup: Setup) -> list[Figure]:
    """Find out what two models take, allow just that, and ask for three."""
    checkpoints(setup, _GIGABYTES, _MODELS)
    return asyncio.run(_measure(setup))


async def _measure(setup: Setup) -> list[Figure]:
    budget = await _taken_by_two(setup)
    async with torch_house(setup, _MODELS, models__host_memory=f"{budget}", limits__queue_wait=600) as service:
        mixed = await _mixed(service, setup.count(500, least=60), budget)
    rounds = setup.count(20, least=5)
    async with torch_house(setup, _MODELS, models__host_memory="90%") as service:
        polite = [
            await _behind_a_job(service, "first", "the same model", rounds, at_most=1),
            await _behind_a_job(service, "second", "another model that is resident", rounds, at_most=1),
        ]
    one = budget - int(_GIGABYTES * 1e9)
    async with torch_house(setup, _MODELS, models__host_memory=f"{one}") as service:
        swapped = await _behind_a_job(service, "second", "another model, which must change places with it", rounds)
    return [*mixed, *polite, swapped]


async def _taken_by_two(setup: Setup) -> int:
    """Bytes that two models and their process need while both speak, with the twentieth that is left free for that."""
    async with torch_house(setup, _MODELS) as service:
        for _ in range(5):
            await asyncio.gather(*(say(service, model, MANY_WORDS, Turn(model)) for model in _MODELS[:2]))
        await asyncio.sleep(1)
        return int(service.manager.residents.pools()["cpu"]["used"] * 1.08)


async def _mixed(service: Service, requests: int, budget: int) -> list[Figure]:
    chance = random.Random(11)
    plan = [(chance.choice(_MODELS), chance.choice(list(Urgency))) for _ in range(requests)]
    ends: Counter[str] = Counter()
    booked, taken = [], []

    async def sample() -> None:
        while True:
            booked.append(service.manager.residents.pools()["cpu"]["used"])
            taken.append(await asyncio.to_thread(family_memory))
            await asyncio.sleep(_SAMPLE_EVERY)

    async def client(number: int) -> None:
        for model, urgency in plan[number::_CLIENTS]:
            try:
                seconds = await say(service, model, "the cat sat on the mat", Turn(f"client {number}", urgency))
                ends["spoken" if seconds > 0.1 else "nothing"] += 1
            except SpeechError as error:
                ends[error.code] += 1

    sampler = asyncio.create_task(sample())
    began = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(_CLIENTS)))
    total = time.perf_counter() - began
    sampler.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sampler
    note = f"{requests} requests of {_CLIENTS} clients in {total:.0f} s; {dict(ends)}"
    return [
        Figure("budget", "requests that were not spoken", requests - ends["spoken"], at_most=0, note=note),
        Figure("budget", "most memory in the books, of the budget", max(booked) / budget, at_most=1,
               note=f"{max(booked) / 1e6:.0f} of {budget / 1e6:.0f} MB, looked at {len(booked)} times"),
        Figure("budget", "most memory that the system saw, of the budget", max(taken) / budget, at_most=1,
               note=f"{max(taken) / 1e6:.0f} MB; median {middle(taken) / 1e6:.0f} MB"),
    ]  # fmt: skip


async def _behind_a_job(service: Service, model: str, which: str, rounds: int, at_most: float | None = None) -> Figure:
    """Read 5,000 words aloud with one model and interrupt with a short sentence for a model."""
    words = (MANY_WORDS.split() * 300)[:5000]
    # Sentences of the length that people write.
    text = " ".join(f"{' '.join(words[begin : begin + 14])}." for begin in range(0, len(words), 14))
    await say(service, "first", text[:60], Turn())
    usual = [await _time(service, model, "stop it") for _ in range(10)][1:]
    came: list[float] = []
    job = asyncio.create_task(_read(service, text, came))
    await asyncio.sleep(6)
    # The first come while its second is not yet being made.
    # Its audio comes in two pieces, the second of which is what was left of the first.
    segments = [seconds for seconds in (after - before for before, after in pairwise(came)) if seconds > 0.03][2:]
    chance = random.Random(3)
    late = []
    for _ in range(rounds):
        late.append(await _time(service, model, "stop it") - middle(usual))
        await asyncio.sleep(chance.uniform(0.05, 0.6))
    assert not job.done(), "the job was over too soon to be in the way"
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)
    return Figure(
        "budget", f"interactive behind a 5,000-word job, {which}: wait in segments",
        percentile(late, 95) / percentile(segments, 95), at_most=at_most,
        note=f"95th percentile {percentile(late, 95) * 1000:.0f} ms of {rounds}; a segment takes "
             f"{percentile(segments, 95) * 1000:.0f} ms (95th percentile of {len(segments)}), "
             f"the request alone {middle(usual) * 1000:.0f} ms",
    )  # fmt: skip


async def _time(service: Service, model: str, text: str) -> float:
    began = time.perf_counter()
    await say(service, model, text, Turn("somebody"))
    return time.perf_counter() - began


async def _read(service: Service, text: str, came: list[float]) -> None:
    request = SpeechRequest(voice="first", urgency=Urgency.JOB, client="reader")
    async with service.speech.speak(request, text) as response:
        async for _ in response.pcm():
            came.append(time.perf_counter())  # noqa: PERF401 - somebody looks at it meanwhile
