"""Voices made equally loud: learns each voice's level from what it says."""

from __future__ import annotations

import asyncio

from ..engines.base import Samples
from ..models.voices import ChosenVoice
from .audio.loudness import LoudnessMeter
from .audio.voice_loudness import VoiceLoudness


class Leveling:
    """Gives each response its gains, and learns from it."""

    def __init__(self, loudness: VoiceLoudness | None) -> None:
        self._loudness = loudness
        self._learning: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Read what was learnt in earlier runs."""
        if self._loudness:
            await self._loudness.start()

    async def stop(self) -> None:
        """Finish writing what was learnt."""
        await asyncio.gather(*self._learning, return_exceptions=True)

    def response(self) -> ResponseLevels:
        """The levels of one response."""
        return ResponseLevels(self._loudness, self._learning)


class ResponseLevels:
    """Constant gains for the voices of one response."""

    def __init__(self, loudness: VoiceLoudness | None, learning: set[asyncio.Task[None]]) -> None:
        self._loudness = loudness
        self._learning = learning
        self._gain = loudness.for_response() if loudness else None
        self._meters: dict[tuple[str, str], LoudnessMeter] = {}

    def gain(self, voice: ChosenVoice) -> float:
        """The factor for a voice; the same all through the response."""
        return self._gain(*_name(voice), voice.installed.entry.loudness) if self._gain else 1.0

    def hear(self, voice: ChosenVoice, samples: Samples, rate: int) -> None:
        """Measure a voice that is not known well yet."""
        if self._loudness is None or not self._loudness.needs(*(name := _name(voice))):
            return
        if name not in self._meters:
            self._meters[name] = LoudnessMeter(rate)
        self._meters[name].feed(samples)

    def learn(self) -> None:
        """Keep what was heard, in the background."""
        if self._loudness is None:
            return
        for name, meter in self._meters.items():
            task = asyncio.create_task(self._loudness.learn(*name, meter))
            self._learning.add(task)
            task.add_done_callback(self._learning.discard)


def _name(voice: ChosenVoice) -> tuple[str, str]:
    return voice.model, f"{voice.engine_voice}/{voice.speaker}" if voice.speaker else voice.engine_voice
