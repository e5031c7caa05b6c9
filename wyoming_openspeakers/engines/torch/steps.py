"""A decoder's steps one after the other, in memory that stays where it is: on a GPU each is one captured graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from .graphs import Graphs
from .rotation import Rotations
from .static_cache import CLASS, StaticCache, room_for

if TYPE_CHECKING:
    import torch

    Through = Callable[[Sequence[Any], torch.Tensor, "Where"], torch.Tensor]


class Where(NamedTuple):
    """Where a step is."""

    slot: torch.Tensor | slice
    """Its place in the memory."""

    span: int
    """It looks at so many places."""

    rotation: torch.Tensor
    """Turns queries and keys."""

    mask: torch.Tensor | None
    """Nothing of what comes after the slot; None where no more is looked at anyway, and no graph captured."""


class Places:
    """Where a graph finds its input and leaves its output, and what steps look up."""

    def __init__(self, model: Any, cache: StaticCache, width: int, rows: int = 1) -> None:
        """`model` is the library's decoder; `width` is that of what a step is given."""
        import torch

        self.cache = cache
        keys = cache.keys
        self.slot = torch.zeros(1, dtype=torch.long, device=keys.device)
        self.given = torch.zeros(rows, width, dtype=keys.dtype, device=keys.device)
        self.state = torch.zeros(rows, model.config.hidden_size, dtype=keys.dtype, device=keys.device)
        self._rotations = Rotations(model.rotary_emb, keys, cache.room)
        self._numbers = torch.arange(cache.room, device=keys.device)
        self._nothing = torch.zeros(cache.room, dtype=keys.dtype, device=keys.device)

    def at(self, place: int) -> Where:
        """A place that is known to the host."""
        slot = slice(place, place + 1)
        return Where(slot, slot.stop, self._rotations.at(slot), None)

    def at_slot(self, span: int) -> Where:
        """The place that is written in the slot."""
        is_later = self._numbers[:span] > self.slot
        mask = self._nothing[:span].masked_fill(is_later, -float("inf")).view(1, 1, 1, span)
        return Where(self.slot, span, self._rotations.at(self.slot), mask)


@dataclass
class Steps:
    """What is being said."""

    graphs: Graphs
    places: Places
    through: Through
    """What the layers make of what they are given, somewhere."""

    layers: list[Any]
    """They are forgotten at the end: else the memory of weights that are moved away would stay in use."""

    length: int
    """Places that are taken."""

    state: torch.Tensor
    """The last state (rows, hidden), from which the next step is chosen; good until the next step."""

    name: str
    """That of its graphs, which has all that they depend on besides the length."""

    unit: int = CLASS
    """There is a graph for each multiple of it."""

    def __enter__(self) -> Steps:
        return self

    def __exit__(self, *_: object) -> None:
        self.layers.clear()

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return self.places.slot.device

    def step(self, given: torch.Tensor) -> None:
        """Go on with what is the same for all rows (1, width)."""
        places = self.places
        if self.graphs.are_used:
            places.given.copy_(given)
            places.slot.fill_(self.length)
            span = room_for(self.length + 1, self.unit)
            self.graphs.run((self.name, span), partial(self._step_in_place, tuple(self.layers), span))
            self.state = places.state
        else:
            self.state = self.through(self.layers, given.expand_as(places.given), places.at(self.length))
        self.length += 1

    def _step_in_place(self, layers: Sequence[Any], span: int) -> None:
        places = self.places
        places.state.copy_(self.through(layers, places.given, places.at_slot(span)))
