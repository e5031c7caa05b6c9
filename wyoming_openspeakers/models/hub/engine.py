"""Which models of the hub can be run without being in a list, as far as what the hub tells of them says so."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from ...engines.base import engine_class
from ...engines.torch.engine import TorchEngine

GENERIC = "transformers"
"""The engine of models that are in no list, unless another one knows their type."""

_ENGINES = (GENERIC, "codec_lm", "vibevoice", "pocket")
_LIBRARY = "transformers"
_TASKS = ("text-to-speech", "text-to-audio")


@cache
def _engines() -> dict[str, str]:
    """The engines by the types of models that they can run with the files of one repository."""
    found: dict[str, str] = {}
    for name in _ENGINES:
        engine = engine_class(name)
        assert issubclass(engine, TorchEngine)
        found |= {kind: name for family in engine.families if family.whole_repository for kind in family.kinds}
    return found


def supported_types() -> frozenset[str]:
    """The `model_type`s that can be run."""
    return frozenset(_engines())


def engine_for(model_type: str) -> str | None:
    """The engine that runs models of a type."""
    return _engines().get(model_type)


def can_run(
    library: str | None, model_type: str | None, task: str | None, supported: Collection[str] | None = None
) -> bool | None:
    """Whether a model can be run; None when that cannot be told without its files."""
    known = supported_types() if supported is None else supported
    if task not in (None, *_TASKS) or library not in (None, _LIBRARY):
        return False
    if model_type is None:
        return None
    return model_type in known
