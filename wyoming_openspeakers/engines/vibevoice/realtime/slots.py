"""What the layers keep of the tokens so far, for rows that speak together and of which only the first reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


class Slots:
    """Keys and values of all layers, in memory that stays where it is.

    A row ends where its place is: what lies behind it is never looked at, and is written over. So rows of different
    lengths go through the layers in one batch, each at its own place.
    """

    def __init__(self, pasts: Sequence[torch.Tensor], room: int, like: torch.Tensor) -> None:
        """Have so many places for rows like these."""
        import torch

        layers, _, heads, _, size = pasts[0].shape
        # Zeros, for what is not looked at is multiplied by nothing and must be a number.
        self._kept = torch.zeros(layers, 2, len(pasts), heads, room, size, device=like.device, dtype=like.dtype)
        self._rows = torch.arange(len(pasts), device=like.device)
        self._numbers = torch.arange(room, device=like.device)
        self._places = torch.zeros(len(pasts), device=like.device, dtype=torch.long)
        self._window = slice(0)
        self._reach = 0
        self.room = room
        self.place = 0
        """Where the first row is, which the processor knows without asking the device."""

    def begin(self, pasts: Sequence[torch.Tensor]) -> None:
        """Begin with what each row has behind it."""
        for row, past in enumerate(pasts):
            length = past.shape[3]
            self._kept[:, :, row, :, :length] = past.to(self._kept.device)
            self._places[row] = length
        self.place = pasts[0].shape[3]

    def read(self, count: int) -> dict[str, Any]:
        """Places for so many tokens of the first row: what a model is told besides the tokens."""
        self._window = slice(self.place, self.place + count)
        self._reach = self._window.stop
        places = self._numbers[self._window]
        mask = self._numbers[: self._reach] <= places[:, None]
        self._places[:1] += count
        self.place += count
        return {
            "past_key_values": self, "position_ids": places[None],
            "attention_mask": {"full_attention": mask[None, None]},
        }  # fmt: skip

    def speak(self, reach: int) -> dict[str, Any]:
        """A place in all rows, of which so many places are looked at; the same work on the device every time."""
        self._window = slice(0)
        self._reach = reach
        mask = self._numbers[:reach] <= self._places[:, None]
        return {
            "past_key_values": self, "position_ids": self._places[:, None],
            "attention_mask": {"full_attention": mask[:, None, None]},
        }  # fmt: skip

    def spoken(self) -> None:
        """Go on to the next place in all rows, after the layers have been through."""
        self._places += 1

    def update(self, keys: torch.Tensor, values: torch.Tensor, layer: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Keep what a layer says of the tokens of this step; all that it may look at."""
        kept = self._kept[layer]
        if self._window.stop:
            kept[0, :1, :, self._window] = keys
            kept[1, :1, :, self._window] = values
            return kept[0, :1, :, : self._reach], kept[1, :1, :, : self._reach]
        kept[0][self._rows, :, self._places] = keys[:, :, 0]
        kept[1][self._rows, :, self._places] = values[:, :, 0]
        return kept[0, :, :, : self._reach], kept[1, :, :, : self._reach]
