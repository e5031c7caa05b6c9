"""Kokoro's voices: what their names say, their style vectors, and mixtures of them."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .base import EngineError, ModelSpec, Samples, Voice

LANGUAGES = {
    "a": ("en-US", "American English"),
    "b": ("en-GB", "British English"),
    "e": ("es", "Spanish"),
    "f": ("fr-FR", "French"),
    "h": ("hi", "Hindi"),
    "i": ("it", "Italian"),
    "j": ("ja", "Japanese"),
    "p": ("pt-BR", "Brazilian Portuguese"),
    "z": ("zh", "Mandarin Chinese"),
}
"""Language by the first letter of a voice's name."""

GENDERS = {"f": "female", "m": "male"}
"""Gender by the second letter."""

RATE = 24_000
"""Of all of them, in hertz."""

STYLES = 510
"""A voice has one style vector for each length of a text in phonemes."""

WIDTH = 256

_NAME = re.compile(f"[{''.join(LANGUAGES)}][{''.join(GENDERS)}]_[a-z0-9]+")
_PART = re.compile(r"\s*(?P<name>\w+)\s*(?:\(\s*(?P<weight>\d+(?:\.\d+)?)\s*\))?\s*")


@dataclass(frozen=True)
class Mixture:
    """One voice, or several with their shares, which add up to 1."""

    shares: tuple[tuple[str, float], ...]

    @property
    def language(self) -> str:
        """The first voice's language."""
        return LANGUAGES[self.shares[0][0][0]][0]


def parse(text: str) -> Mixture:
    """Read `af_heart` or `af_bella(2)+af_sky(1)`; a weight left out is 1."""
    weights: dict[str, float] = {}
    for part in text.split("+"):
        match = _PART.fullmatch(part)
        if match is None or not _NAME.fullmatch(match["name"]):
            problem = f"{part.strip()!r} is not a Kokoro voice; a mixture is af_bella(2)+af_sky(1)"
            raise EngineError(problem, "unknown_voice")
        weights[match["name"]] = weights.get(match["name"], 0) + float(match["weight"] or 1)
    total = sum(weights.values())
    if not total:
        raise EngineError(f"The weights of {text!r} are all zero", "unknown_voice")
    return Mixture(tuple((name, weight / total) for name, weight in weights.items()))


def describe(name: str, revision: str = "") -> Voice:
    """What a voice's name says."""
    tag, language = LANGUAGES[name[0]]
    gender = GENDERS[name[1]]
    return Voice(name, (tag,), f"{name[3:].title()}, {language}, {gender}", gender, rate=RATE, revision=revision)


def files(spec: ModelSpec) -> dict[str, Path]:
    """The style files of the voices that are there, by name."""
    found: dict[str, Path] = {}
    for folder in spec.paths:
        for pattern in ("*.bin", "*.pt"):
            for path in sorted(Path(folder, "voices").glob(pattern)):
                if _NAME.fullmatch(path.stem):
                    found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def styles(path: Path) -> Samples:
    """A voice's style vectors, one a row."""
    try:
        values = np.frombuffer(_numbers(path), np.float32)
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise EngineError(f"{path} is damaged ({error}); download the model again", "model_missing") from None
    if values.size != STYLES * WIDTH:
        problem = f"{path} is not a Kokoro voice: it has {values.size} values, not {STYLES * WIDTH}"
        raise EngineError(problem, "model_missing")
    return values.reshape(STYLES, WIDTH)


def _numbers(path: Path) -> bytes:
    """The file, or of what torch has saved the one tensor in it: a file in an archive, so that no pickle is read."""
    if path.suffix != ".pt":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        name = next((name for name in archive.namelist() if name.endswith("/data/0")), "data/0")
        return archive.read(name)
