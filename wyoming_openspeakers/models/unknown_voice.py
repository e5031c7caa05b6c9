"""What is said of a name that no voice has: the one that was probably meant, or what there is."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from ..errors import UnknownVoice

_LONGEST_NAME = 100
_MOST_SHOWN = 10


def unknown_voice(name: str, voices: Iterable[str]) -> UnknownVoice:
    """The error; of a model that has voices, only those are compared and shown."""
    model = f"{name.rpartition('/')[0]}/"
    names = sorted(voices)
    if own := [known for known in names if known.startswith(model)]:
        close = _close(name.removeprefix(model), [known.removeprefix(model) for known in own])
        close = close and model + close
    else:
        close = _close(name, names)
    if close:
        return UnknownVoice(f"There is no voice {name!r}; did you mean {close}?")
    there = own or names
    shown = ", ".join(there[:_MOST_SHOWN]) or "none is installed"
    more = f" and {len(there) - _MOST_SHOWN} more" if len(there) > _MOST_SHOWN else ""
    return UnknownVoice(f"There is no voice {name!r}; voices: {shown}{more}")


def _close(name: str, names: list[str]) -> str:
    # What is much longer than a name is none, and would take long to compare.
    return next(iter(get_close_matches(name, names, 1)), "") if len(name) <= _LONGEST_NAME else ""
