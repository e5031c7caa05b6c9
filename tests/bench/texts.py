"""Texts for timing: many, all different, of the length of what a house says."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

_PLACES = ("kitchen", "living room", "garage", "garden", "hallway", "bedroom", "office", "cellar", "bathroom", "attic")
_THINGS = ("light", "window", "heater", "door", "fan", "radio", "lamp", "blind", "sensor", "camera", "speaker", "pump")
_STATES = ("open", "closed", "running", "switched off", "ready", "waiting", "very warm", "quite cold", "almost empty")
_WHEN = ("now", "again", "since this morning", "for the second time today", "as you asked", "until tomorrow evening")
_SHAPES = (
    "The {place} {thing} is {state} {when}.",
    "The {thing} in the {place} is {state} and the {other} in the {where} is {state_too} {when}.",
    "Somebody left the {thing} in the {place} {state} {when} and nobody knows why the {other} in the {where} "
    "is {state_too} although it should have been looked after a good while ago.",
)


def sentences(seed: int, length: int | None = None) -> Iterator[str]:
    """Sentences without digits that do not repeat (6,480 of the shortest), of one length (0 to 2) or of all in turn."""
    chance = random.Random(seed)
    seen: set[str] = set()
    for turn in itertools.count():
        shape = _SHAPES[turn % len(_SHAPES) if length is None else length]
        while True:
            text = shape.format(
                thing=chance.choice(_THINGS), place=chance.choice(_PLACES), state=chance.choice(_STATES),
                when=chance.choice(_WHEN), other=chance.choice(_THINGS), where=chance.choice(_PLACES),
                state_too=chance.choice(_STATES),
            )  # fmt: skip
            if text not in seen:
                break
        seen.add(text)
        yield text


def texts(seed: int) -> Iterator[str]:
    """Texts of one, two and three sentences in turn."""
    source = sentences(seed)
    for count in itertools.cycle((1, 2, 3)):
        yield " ".join(itertools.islice(source, count))


def long_text(seed: int, count: int = 40) -> str:
    """A text that takes minutes to say."""
    return " ".join(itertools.islice(sentences(seed, length=2), count))
