"""That it speaks: sound in one format, every voice and language as declared, the same for the same seed."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ..check import check
from ..outcome import Outcome, Skipped, demand, passed
from ..recording import recorded, somebody_else
from ..stage import Spoken, Stage
from ..steady import Varies, steady, steady_if_any
from ..texts import TOLERANCE, difference, greeting

_MOST = 6
"""Voices and languages of each that are heard; of more, some from everywhere in the list."""

_QUIETEST = 1e-3
_LONGEST = 30.0
_LOUDEST = 100.0
"""Random weights may be loud; samples of 16 bits, which an engine forgot to scale, are louder."""

T = TypeVar("T")


def demand_speech(spoken: Spoken, rate: int, who: str) -> None:
    """Fail unless this can be speech of a few words at a rate, where that is declared."""
    demand(len(spoken.rates) == 1, f"{who} gives audio of {len(spoken.rates)} sample rates")
    (heard,) = spoken.rates
    demand(rate in (0, heard), f"{who} declares {rate} Hz and speaks at {heard}")
    samples = spoken.samples
    seconds = samples.size / heard
    demand(0.05 < seconds < _LONGEST, f"{who} takes {seconds:.2f} s for a greeting", f"{seconds:.2f} s")
    demand(bool(np.isfinite(samples).all()), f"{who} gives samples that are no numbers")
    loudness = float(np.sqrt(np.mean(samples**2)))
    demand(loudness > _QUIETEST, f"{who} gives silence", f"{loudness:.2g} RMS")
    peak = float(np.abs(samples).max())
    demand(peak < _LOUDEST, f"{who} gives samples up to {peak:.1f}; 1 is full scale", f"peak {peak:.1f}")


@check("sound", "speaks at one rate that it declares, loud enough, without NaN")
async def SOUND(stage: Stage) -> Outcome:  # noqa: N802
    """A greeting in the default voice."""
    performance, voice = await stage.ready(), stage.subject.voice
    spoken = await performance.say()
    demand_speech(spoken, voice.rate, voice.name)
    seconds = spoken.samples.size / next(iter(spoken.rates))
    return passed(
        f"{seconds:.1f} s of audio at {next(iter(spoken.rates))} Hz in {spoken.seconds:.2f} s",
        f"{seconds / max(spoken.seconds, 1e-3):.1f}x real time",
    )


@check("every voice", "speaks with the voices and in the languages that it declares", seconds=300)
async def EVERY_VOICE(stage: Stage) -> Outcome:  # noqa: N802
    """Some voices from everywhere in the list, each in some of its languages, and speakers inside of voices."""
    performance, voices = await stage.ready(), stage.subject.voices
    if not voices:
        raise Skipped("it has no voice of its own")
    heard = some(voices)
    count = 0
    for voice in heard:
        speakers: Sequence[str | None] = [voice.speakers[0], voice.speakers[-1]] if voice.speakers else [None]
        for language in some(voice.languages):
            for speaker in dict.fromkeys(speakers):
                spoken = await performance.say(voice=voice.name, language=language, speaker=speaker)
                who = "/".join(filter(None, [voice.name, language, speaker]))
                demand(bool(spoken.rates), f"{who} says nothing to {greeting(language)!r}")
                demand_speech(spoken, voice.rate, who)
                count += 1
    return passed(f"{len(heard)} of {len(voices)} voices speak, in {count} combinations", f"{len(heard)}")


def some(things: Sequence[T]) -> list[T]:
    """A few of a list, the first and the last among them."""
    if len(things) <= _MOST:
        return list(things)
    return [things[round(number * (len(things) - 1) / (_MOST - 1))] for number in range(_MOST)]


@check("seed", "says the same again for the same seed", needs="sound")
async def SEED_HOLDS(stage: Stage) -> Outcome:  # noqa: N802
    """Twice the same request, with another in between; an engine that cannot says the same without its noise."""
    try:
        same = await steady(stage)
    except Varies as varies:
        demand(stage.subject.capabilities.varies, f"{varies}; make the seed count, or declare that it varies")
        raise
    if same.is_by_seed:
        return passed("the same seed sounds the same", f"within {TOLERANCE}")
    still = ", ".join(f"{name}={value}" for name, value in same.request["parameters"].items())
    raise Skipped(f"it takes no seed; with {still} it says the same again")


@check("speed", "is faster and slower when asked, within the declared range", needs="sound")
async def SPEED(stage: Stage) -> Outcome:  # noqa: N802
    """The lowest and the highest speed that are declared."""
    speeds = stage.subject.capabilities.speed
    if speeds is None:
        raise Skipped("it declares one speed only")
    performance = await stage.ready()
    slow, fast = [(await performance.say(speed=speed)).samples.size for speed in speeds]
    demand(fast > 0, f"at speed {speeds[1]} it says nothing")
    wanted = max(1.1, (speeds[1] / speeds[0]) ** 0.5)
    demand(
        slow >= wanted * fast, f"speed {speeds[0]} is {slow / fast:.2f} times as long as {speeds[1]}; want {wanted:.1f}"
    )
    return passed(f"speed {speeds[0]:g} is {slow / fast:.1f} times as long as {speeds[1]:g}", f"{slow / fast:.1f}x")


@check("reference", "speaks like a recording that it is given", seconds=120, needs="sound")
async def REFERENCE(stage: Stage) -> Outcome:  # noqa: N802
    """The user's recording, or else its own voice recorded, and the same played faster: somebody else."""
    subject = stage.subject
    if not subject.capabilities.cloning:
        raise Skipped("it declares no cloning")
    performance = await stage.ready()
    with tempfile.TemporaryDirectory() as folder:
        reference = subject.reference
        if reference is None:
            text = greeting(subject.voice.languages[0])
            spoken = await performance.say(text)
            rate, language = next(iter(spoken.rates)), subject.voice.languages[0]
            reference = recorded(Path(folder, "own.wav"), spoken.samples, rate, text, language)
        same = await steady_if_any(stage)
        request: dict[str, Any] = same.request if same else {}
        request = {"voice": "", "language": reference.language or None, **request}
        spoken = await performance.say(references=(reference,), **request)
        demand_speech(spoken, 0, "the clone")
        other = somebody_else(Path(folder, "other.wav"), reference)
        another = await performance.say(references=(other,), **request)
    demand_speech(another, 0, "the clone of another voice")
    likeness = difference(spoken.samples, another.samples)
    demand(same is None or likeness > 0, "it says the same whomever it is to speak like: what does it use of them?")
    return passed("it speaks with a recording to speak like, and otherwise with another")

