"""Models of models.yaml whose real weights are on this machine, to be listened to and checked."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from assets import ROOT

from wyoming_openspeakers.models.readiness import problem_and_fix
from wyoming_openspeakers.models.registry import Registry, load_registry_file

WEIGHTS = "OPENSPEAKERS_WEIGHTS"
"""Names folders that have a folder for each model, as `models download` makes them; the hub's own cache needs none."""


def folders(assets: Path = ROOT) -> list[Path]:
    """Where models are looked for, besides the hub's cache."""
    named = os.environ.get(WEIGHTS, "")
    return [assets, *(Path(folder).absolute() for folder in named.split(os.pathsep) if folder)]


def models() -> list[str]:
    """All that models.yaml lists, but for those that speak by another server."""
    return [name for name, entry in load_registry_file(None).models.items() if entry.hub or entry.standby]


def why_not(model: str, folder: Path) -> str | None:
    """Why a model cannot be tested here, or None; the folder is for what the service keeps."""
    registry = Registry(load_registry_file(None), [folder / "models", *folders()], folder / "cache")
    problem = problem_and_fix(registry, model)
    return f"{problem}; {WEIGHTS} says where models are" if problem else None


def english_voice(model: str, voices: Mapping[str, Sequence[str]]) -> str | None:
    """The full name of a model's own voice, or of the first that speaks English; given are their languages."""
    spoken = [
        name
        for name, languages in voices.items()
        if name.startswith(f"{model}/") and any(tag.startswith("en") for tag in languages)
    ]
    own = f"{model}/{load_registry_file(None).models[model].voice}"
    return own if own in spoken else next(iter(spoken), None)
