"""Whether a model can be used on this machine, and what to do when it cannot."""

from __future__ import annotations

from .hub.installed import read_records
from .registry import Registry


def problem_and_fix(registry: Registry, model: str) -> str | None:
    """What keeps a model from being used and how to mend it, in one line; None when it can be used."""
    entry, engine, spec = registry.entry(model), registry.engine(model), registry.spec(model)
    problem = registry.problem(model)
    try:
        if problem is None and engine.voices(spec):
            return None
    except Exception as error:
        problem = f"Its voices cannot be listed: {error}"
    if problem and problem != engine.problem(spec):
        # Its environment comes first.
        return problem
    problem = problem or "It has no voice"
    if entry.hub is None or read_records(registry.folder(model)):
        return problem
    each_voice = entry.hub.is_by_voice
    command = f"wyoming-openspeakers models download {model}{'/VOICE' if each_voice else ''}"
    return f"{problem}; get it with `{command}`" + (f", voices: {entry.url}" if each_voice else "")
