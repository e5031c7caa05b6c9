"""What engines are asked to say, and when two renditions of it are the same."""

from __future__ import annotations

import numpy as np

from ..engines.base import Samples

SHORT = {
    "de": "Guten Morgen.",
    "en": "Good morning.",
    "es": "Buenos días.",
    "fr": "Bonjour à tous.",
    "hi": "सुप्रभात।",
    "it": "Buongiorno a tutti.",
    "ja": "おはようございます。",
    "ko": "안녕하세요.",
    "nl": "Goedemorgen.",
    "pt": "Bom dia.",
    "ru": "Доброе утро.",
    "zh": "早上好。",
}
"""A greeting by language; other languages get the English one, which any alphabet of theirs can mostly spell."""

OTHER = "There is a letter for you."

LONG = (
    "the living room is at twenty one degrees, and the window has been open for more than three hours now, "
    "so the heating was turned down until somebody comes home and closes it."
)
"""One sentence, long enough to be cut off."""

SEED = 7

TOLERANCE = 1e-3
"""Full scale is 1: a thousandth is 60 dB below the loudest sound, where nobody hears a difference."""


def greeting(language: str) -> str:
    """A short sentence in a language."""
    return SHORT.get(language.partition("-")[0].lower(), SHORT["en"])


def difference(one: Samples, other: Samples) -> float:
    """The largest difference between two renditions; infinite where one is longer."""
    if one.shape != other.shape:
        return float("inf")
    return float(np.abs(one - other).max(initial=0.0))


def describe_difference(one: Samples, other: Samples) -> str:
    """How two renditions differ, in words."""
    if one.shape != other.shape:
        return f"{one.size} samples against {other.size}"
    return f"samples differ by up to {difference(one, other):.2g}"
