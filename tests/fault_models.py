"""Models of the engine that fails on command, for tests that need more than one or need to see what it was asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wyoming_openspeakers.models.registry import ModelEntry, Registry, RegistryFile, load_registry_file

SHIPPED = tuple(load_registry_file(None).models)


def fault_registry(**parameters: dict[str, Any]) -> Registry:
    """Models by name, each with the parameters of its engine."""
    entries = {
        name: ModelEntry(engine="faults.engine", voice="plain", parameters=values)
        for name, values in parameters.items()
    }
    return Registry(RegistryFile(models=entries), [Path("/nonexistent")], Path("/nonexistent"))


def models_file(**parameters: dict[str, Any]) -> dict[str, Any]:
    """The same as the tree of a models.yaml that has only them."""
    tree: dict[str, Any] = {name: {"enabled": False} for name in SHIPPED}
    for name, values in parameters.items():
        tree[name] = {"engine": "faults.engine", "voice": "plain", "standby": True, "parameters": values}
    return {"models": tree}


def journal(path: Path) -> list[dict[str, Any]]:
    """What the engine was asked so far."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
