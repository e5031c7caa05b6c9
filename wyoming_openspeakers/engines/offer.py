"""Which of a model's voices are offered, where only some languages are wanted."""

from __future__ import annotations

from collections.abc import Iterable

from .base import ModelSpec, Voice


def offered(voices: Iterable[Voice], spec: ModelSpec) -> list[Voice]:
    """The voices in a wanted language: `en` wants `en-GB` too. All of them when nothing is said."""
    return [voice for voice in voices if not spec.languages or any(_matches(tag, spec) for tag in voice.languages)]


def _matches(tag: str, spec: ModelSpec) -> bool:
    return any(f"{tag}-".lower().startswith(f"{wanted}-".lower()) for wanted in spec.languages)
