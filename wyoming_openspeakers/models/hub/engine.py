"""Which models of the hub the generic engine can run, as far as what the hub tells of them says so."""

from __future__ import annotations

from collections.abc import Collection

from ...engines.transformers import TransformersEngine

_LIBRARY = "transformers"
_TASKS = ("text-to-speech", "text-to-audio")


def supported_types() -> frozenset[str]:
    """The `model_type`s that the generic engine can run."""
    return TransformersEngine.kinds()


def can_run(
    library: str | None, model_type: str | None, task: str | None, supported: Collection[str] | None = None
) -> bool | None:
    """Whether the generic engine can run a model; None when that cannot be told without its files."""
    known = supported_types() if supported is None else supported
    if task not in (None, *_TASKS) or library not in (None, _LIBRARY):
        return False
    if model_type is None:
        return None
    return model_type in known
