"""Voices to prompt a VibeVoice with: recordings in its folder `voices`, or such as it makes by its own chance."""

from __future__ import annotations

import re
import wave
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..base import EngineError, Reference, Samples, Voice
from ..prompts import read_reference
from ..revision import revision
from ..torch.folder import ModelFolder

FOLDER = "voices"

OWN = ("voice-1", "voice-2", "voice-3", "voice-4")
"""Voices that the model makes when they are first wanted; each by a seed of its own, so always the same."""

OWN_TEXT = "The lights in the kitchen are on, and dinner will be ready in about ten minutes from now."
"""What they say first. No greeting: to those it likes to play music."""

LONGEST = 30.0
"""Seconds of a voice that are listened to: more makes it slower, not better."""

_NAME = re.compile(r"(?:(?P<language>en|in|zh)-)?(?P<name>[^_]+?)(?:_(?P<gender>man|woman)(?:_.*)?)?")
_GENDERS = {"man": "male", "woman": "female"}
_LANGUAGES = {"en": ("en", "English"), "in": ("en-IN", "Indian English"), "zh": ("zh", "Chinese")}
"""By what the authors' names begin with."""

_SPOKEN = ("en", "zh")


@dataclass(frozen=True)
class Loudness:
    """How loud the model wants recordings."""

    is_even: bool = True
    decibels: float = -25.0
    """Of full scale."""

    least: float = 1e-6

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Loudness:
        """As the model's settings say."""
        return cls(
            bool(settings.get("normalize_audio", True)),
            float(settings.get("target_dB_FS", -25.0)),
            float(settings.get("eps", 1e-6)),
        )

    def __call__(self, samples: Samples) -> Samples:
        """A recording that is as loud."""
        if not self.is_even:
            return samples
        level = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
        even = samples * np.float32(10 ** (self.decibels / 20) / (level + self.least))
        peak = float(np.abs(even).max(initial=0.0))
        return even / np.float32(peak + self.least) if peak > 1 else even


def extractor_settings(folder: ModelFolder) -> Mapping[str, Any]:
    """What the folder says of recordings, in whichever file the version of the library kept it."""
    kept = folder.read("processor_config.json").get("feature_extractor")
    return kept if isinstance(kept, dict) else folder.read("preprocessor_config.json")


def recorded(folder: Path) -> Iterator[Voice]:
    """The voices of recordings in a model's folder: `voices/en-Alice_woman.wav`."""
    for path in sorted((folder / FOLDER).glob("*.wav")):
        match = _NAME.fullmatch(path.stem)
        name, language, gender = match.group("name", "language", "gender") if match else (path.stem, None, None)
        first, spoken = _LANGUAGES[language] if language else (_SPOKEN[0], "")
        told = [name, spoken, _GENDERS.get(gender or "", "")]
        languages = (first, *(other for other in _SPOKEN if not first.startswith(other)))
        yield Voice(path.stem, languages, ", ".join(filter(None, told)), _GENDERS.get(gender or ""))


def own() -> Iterator[Voice]:
    """The voices that the model makes."""
    for number, name in enumerate(OWN, 1):
        yield Voice(name, _SPOKEN, f"Voice {number} of the model's own making")


def reference_of(folder: Path, name: str) -> Reference | None:
    """The recording of a voice in a model's folder."""
    path = folder / FOLDER / f"{name}.wav"
    return Reference(str(path), f"{path} {revision(path)}") if path.is_file() else None


def listen(reference: Reference, rate: int) -> Samples:
    """A recording's samples, not too many of them."""
    path = Path(reference.path)
    heard, samples = read_reference(reference)
    # Those of the service are mono; what somebody put into the folder may not be.
    with wave.open(str(path), "rb") as file:
        form = file.getnchannels(), 8 * file.getsampwidth(), heard
    if form != (1, 16, rate):
        has = f"{heard} Hz, {form[0]} channels and {form[1]} bits"
        raise EngineError(f"{path.name} has {has}; the model wants {rate} Hz, mono, 16 bits", "bad_parameter")
    if not samples.size:
        raise EngineError(f"There is no sound in {path.name}; record this voice again", "bad_parameter")
    return samples[: round(LONGEST * rate)]
