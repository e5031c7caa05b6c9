"""Tokens one by one from a decoder that is already at work on the next: a GPU never waits for the host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from .transfer import Reader

if TYPE_CHECKING:
    import torch

    Choose = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class StepByStep(Protocol):
    """What a decoder is told and says, one step after the other."""

    @property
    def device(self) -> torch.device:
        """Where it is."""

    @property
    def state(self) -> torch.Tensor:
        """What it says now."""

    def step(self, embed: torch.Tensor) -> object:
        """Take one more."""


def tokens_of(
    sequence: StepByStep, most: int, choose: Choose, embed: Callable[[torch.Tensor], torch.Tensor], width: int = 1
) -> Iterator[torch.Tensor]:
    """At most so many rows (1, width) of tokens in the host's memory, until nobody wants more.

    `choose` makes the next row of all rows that were said (rows, width) and of the decoder's state; `embed` makes of
    a row what the decoder is given next (1, 1, hidden). Both work on the device and are not to wait for it. They may
    be asked for one row more than is wanted.
    """
    import torch

    said = torch.zeros(most, width, dtype=torch.long, device=sequence.device)
    reader = Reader(sequence.device)
    for number in range(most):
        row = said[number : number + 1]
        row.copy_(choose(said[:number], sequence.state))
        reader.ask(row)
        is_last = number + 1 == most
        if reader.is_behind and not is_last:
            sequence.step(embed(row)[0])
        yield reader.answer()
        if not reader.is_behind and not is_last:
            sequence.step(embed(row)[0])
