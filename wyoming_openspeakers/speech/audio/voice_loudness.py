"""How loud each voice speaks, learnt once, and the gain that makes them all equally loud."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from .loudness import LoudnessMeter, energy_of, loudness_of

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Level:
    """What was measured of one voice."""

    lufs: Annotated[float, Field(ge=-70, le=20, allow_inf_nan=False)]
    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)]

    def joined_with(self, other: Level) -> Level:
        """Both measurements as one, weighted by their length."""
        seconds = self.seconds + other.seconds
        energy = energy_of(self.lufs) * self.seconds + energy_of(other.lufs) * other.seconds
        return Level(lufs=loudness_of(energy / seconds), seconds=seconds)


_FILE = TypeAdapter(dict[str, dict[str, Level]])


class VoiceLoudness:
    """Measures a voice over its first responses, then gives it one gain for good.

    A response has one gain per voice, so loudness never moves while someone listens; and as a voice's measurement is
    closed after a few seconds of speech, the same phrase sounds the same tomorrow.
    """

    def __init__(
        self, path: Path | None, *, target: float = -20, max_gain_db: float = 12, seconds_needed: float = 6
    ) -> None:
        """Remember in this file, or only in memory; `target` is in LUFS."""
        self._path = path
        self._target = target
        self._max_gain_db = max_gain_db
        self._seconds_needed = seconds_needed
        self._levels: dict[str, dict[str, Level]] = {}
        self._saving = asyncio.Lock()

    async def start(self) -> None:
        """Read what was learnt before; a damaged file is as good as none."""
        if self._path is None:
            return
        try:
            self._levels = _FILE.validate_json(await asyncio.to_thread(self._path.read_bytes))
        except FileNotFoundError:
            pass
        except (OSError, ValueError):
            _LOGGER.warning("Cannot read %s: measuring the voices' loudness afresh", self._path)

    def gain(self, model: str, voice: str, expected: float | None = None) -> float:
        """The factor that brings a response in this voice to the target.

        While the voice is unknown, the factor for the `expected` loudness, or else for its model's other voices.
        """
        known = {name: level for name, level in self._levels.get(model, {}).items() if self._is_settled(level)}
        if voice in known:
            lufs = known[voice].lufs
        elif expected is not None:
            lufs = expected
        elif known:
            lufs = sum(level.lufs for level in known.values()) / len(known)
        else:
            return 1.0
        decibels = max(-self._max_gain_db, min(self._max_gain_db, self._target - lufs))
        return float(10 ** (decibels / 20))

    def for_response(self) -> Callable[[str, str, float | None], float]:
        """`gain`, except that a voice asked for again keeps its gain, whatever others teach in the meantime."""
        return cache(self.gain)

    def needs(self, model: str, voice: str) -> bool:
        """Whether a response in this voice is worth measuring."""
        level = self._levels.get(model, {}).get(voice)
        return level is None or not self._is_settled(level)

    async def learn(self, model: str, voice: str, meter: LoudnessMeter) -> None:
        """Add what a meter heard of this voice, straight from the engine, in one response."""
        lufs, seconds = meter.integrated(), meter.gated_seconds()
        if lufs is None or not self.needs(model, voice):
            return
        heard = Level(lufs=min(lufs, 20.0), seconds=seconds)
        voices = self._levels.setdefault(model, {})
        voices[voice] = voices[voice].joined_with(heard) if voice in voices else heard
        await self._save()

    async def forget(self, model: str, voice: str) -> None:
        """Measure a voice afresh: another one goes by its name now."""
        if self._levels.get(model, {}).pop(voice, None):
            await self._save()

    def _is_settled(self, level: Level) -> bool:
        return level.seconds >= self._seconds_needed

    async def _save(self) -> None:
        if self._path is None:
            return
        async with self._saving:
            try:
                await asyncio.to_thread(_replace, self._path, _FILE.dump_json(self._levels, indent=1))
            except OSError as error:
                _LOGGER.warning("Cannot keep the voices' loudness in %s: %s", self._path, error)


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
