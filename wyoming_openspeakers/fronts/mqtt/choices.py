"""What Home Assistant's selects offer: names for people, each once, and what they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ...errors import ModelUnavailable
from ...models.voices import ChosenVoice, InstalledVoice, VoiceCatalog

MOST = 500
"""Choices of one select: more than anybody scrolls through, and few enough for one message."""

_LONGEST = 120


@dataclass(frozen=True)
class Choices:
    """A select: its options, and the one that holds."""

    names: Mapping[str, str] = field(default_factory=dict)
    """What each option stands for."""

    current: str = ""
    """One of the options; empty when there is none."""

    left_out: int = 0
    """How many more there would be."""

    @property
    def options(self) -> tuple[str, ...]:
        """In the order in which they are shown."""
        return tuple(self.names)


def voice_choices(catalog: VoiceCatalog, default: str, most: int = MOST) -> Choices:
    """All voices, a user's own first; of too many, those of the default voice's model are kept before others."""
    chosen = _chosen(catalog)
    if chosen is None:
        return Choices()
    of_model = chosen.model
    voices = sorted(catalog.voices.values(), key=lambda voice: (voice.profile is None, voice.model != of_model))
    kept = voices[:most]
    if chosen.installed not in kept:
        kept[-1] = chosen.installed
    labels = _labelled((voice.name, voice.label) for voice in kept)
    own = {voice.name for voice in kept if voice.profile}
    ordered = sorted(labels.items(), key=lambda item: (item[1] not in own, item[0].casefold()))
    by_name = {name: label for label, name in ordered}
    names, current = dict(ordered), by_name[chosen.installed.name]
    if chosen.engine_voice != chosen.installed.engine_voice:
        # A mixture has no entry of its own in the catalog.
        current = _line(default)
        names = {current: default, **names}
    return Choices(names, current, len(voices) - len(kept))


def model_choices(catalog: VoiceCatalog) -> Choices:
    """The models that can speak; each stands for its own default voice."""
    chosen = _chosen(catalog)
    if chosen is None:
        return Choices()
    voices: dict[str, InstalledVoice] = {}
    for voice in catalog.voices.values():
        is_default = voice.voice.name == voice.entry.voice
        if voice.model not in voices or is_default:
            voices[voice.model] = voice
    models = _labelled((model, voice.entry.name or model) for model, voice in voices.items())
    current = next(label for label, model in models.items() if model == chosen.model)
    return Choices({label: voices[model].name for label, model in models.items()}, current)


def _chosen(catalog: VoiceCatalog) -> ChosenVoice | None:
    try:
        return catalog.default()
    except ModelUnavailable:
        return None


def _labelled(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names by labels of one short line; those that would be the same have the name behind them."""
    lines = {name: _line(label) for name, label in named}
    counts: dict[str, int] = {}
    for line in lines.values():
        counts[line] = counts.get(line, 0) + 1
    labels: dict[str, str] = {}
    for name, line in lines.items():
        # Home Assistant takes "none" for nothing.
        label = line if counts[line] == 1 and line.lower() not in ("", "none") else f"{line} ({name})".strip()
        labels[label if label not in labels else name] = name
    return labels


def _line(text: str) -> str:
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1].rstrip()}…"
