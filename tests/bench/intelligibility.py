"""How much of what a house says is understood: word error rate of a recogniser that listens to the Wyoming socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import at_hand
import numpy as np
from bench import engines
from bench.client import speak
from bench.house_talk import HOUSE_TALK, Line
from bench.plain_words import plain_words
from bench.recogniser import Recogniser
from bench.results import Figure
from bench.servers import PIPER_VOICE, Server, our_server, wyoming_piper
from bench.setup import Setup
from bench.word_errors import word_error_rate, word_errors

PIPER = f"piper/{PIPER_VOICE}"

_TOLERANCE = 0.5
"""Percentage points, three words: what a recogniser makes of a pause that falls elsewhere."""

_RANDOM = {PIPER}
"""Voices that say the same text a little differently each time: each line is taken twice and more is tolerated."""

_TAKES = 2
_RANDOM_TOLERANCE = 1.5
"""Percentage points; single takes of the same voice and texts, called directly, had error rates from 2.4 to 4.5 %."""

_PATIENCE = 600.0
"""Seconds to wait for a model of billions of weights that has to be loaded."""


def measure(setup: Setup) -> list[Figure]:
    """Compare written text over the socket with hand-cleaned text given to the engine itself."""
    recogniser = Recogniser(setup.assets / "whisper-tiny.en")
    directly: dict[str, Callable[[], engines.Say]] = {
        "hibari/heart": engines.hibari,
        "kokoro/af_heart": lambda: engines.kokoro(setup.assets),
        PIPER: lambda: engines.piper(setup.assets),
    }
    if setup.against_itself:
        directly = {PIPER: directly[PIPER]}
    lines = HOUSE_TALK[: setup.count(len(HOUSE_TALK))]

    def rate(label: str, audio: list[engines.Sound]) -> float:
        pairs = []
        for line, (samples, hertz) in zip(lines * (len(audio) // len(lines)), audio, strict=True):
            heard = recogniser.hear(samples, hertz)
            pair = plain_words(line.spoken), plain_words(heard)
            if setup.verbose and word_errors(*pair):
                print(f"  {label}: {line.written!r} was heard as {heard!r}", flush=True)
            pairs.append(pair)
        return 100 * word_error_rate(pairs)

    with wyoming_piper(setup) as theirs:
        other = rate("wyoming-piper", asyncio.run(_over_wyoming(theirs, PIPER_VOICE, lines)))
    figures = []
    with our_server(setup) as server:
        for name, load in directly.items():
            voice = server.voice(*name.split("/"))
            takes = lines * (_TAKES if name in _RANDOM else 1)
            served = rate(f"{name} over Wyoming", asyncio.run(_over_wyoming(server, voice, takes)))
            say = load()
            direct = rate(f"{name} directly", [say(line.spoken) for line in takes])
            beside = f"; wyoming-piper {other:.1f} %" if name == PIPER else ""
            figures += [
                Figure("asr", f"word error rate, {name}", served, "%", at_most=5,
                       note=f"the engine directly, on text cleaned by hand: {direct:.1f} %{beside}"),
                Figure("asr", f"word error rate beyond the engine's own, {name}", served - direct, "points",
                       at_most=_RANDOM_TOLERANCE if name in _RANDOM else _TOLERANCE),
            ]  # fmt: skip
        for voice in _others_at_hand(server, directly):
            served = rate(voice, asyncio.run(_over_wyoming(server, voice, lines)))
            figures.append(Figure("asr", f"word error rate, {voice}", served, "%", at_most=5,
                                  note="its real weights are on this machine"))  # fmt: skip
    return figures


def _others_at_hand(server: Server, heard: Iterable[str]) -> list[str]:
    """A voice of every other model that is on this machine and speaks English."""
    if not server.is_ours:
        return []
    others = [model for model in at_hand.models() if model not in {name.partition("/")[0] for name in heard}]
    return [voice for model in others if (voice := at_hand.english_voice(model, server.voices))]


async def _over_wyoming(server: Server, voice: str, lines: tuple[Line, ...]) -> list[engines.Sound]:
    answers = [await speak(server.port, line.written, voice, patience=_PATIENCE) for line in lines]
    return [((np.frombuffer(one.pcm, "<i2") / 32768).astype(np.float32), one.rate) for one in answers]
