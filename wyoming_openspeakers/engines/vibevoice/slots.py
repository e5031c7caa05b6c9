"""What the layers keep of the tokens so far, for rows that speak together and of which only the first reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


class Slots:
    """Keys and values of all layers, in memory that stays where it is: a cache, as far as layers of the library ask.

    A row ends where its place is: what lies behind it is never looked at, and is written over. So rows of different
    lengths go through the layers in one batch, each at its own place.
    """

    def __init__(self, config: Any, rows: int, room: int, like: torch.Tensor) -> None:
        """Have at least so many places in each row, for a language model of this config."""
        import torch

        # A device that runs graphs has one for each reach: few of them.
        self._stride = 512 if like.device.type == "cuda" else 64
        self.room = -(-room // self._stride) * self._stride
        heads = config.num_key_value_heads
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        shape = (config.num_hidden_layers, 2, rows, heads, self.room, width)
        # Zeros, for what is not looked at is multiplied by nothing and must be a number.
        self._kept = torch.zeros(shape, device=like.device, dtype=like.dtype)
        self._rows = torch.arange(rows, device=like.device)
        self._numbers = torch.arange(self.room, device=like.device)
        self.places = torch.zeros(rows, device=like.device, dtype=torch.long)
        """Where the next token goes in each row."""
        self._window = slice(0)
        self._reach = 0
        self._place = 0
        """Where the first row is, which the processor knows without asking the device."""

    def begin(self, pasts: Sequence[torch.Tensor]) -> None:
        """Begin with what each row has behind it; those for which there is none, with nothing."""
        self.places.zero_()
        for row, past in enumerate(pasts):
            length = past.shape[3]
            self._kept[:, :, row, :, :length] = past.to(self._kept.device)
            self.places[row] = length
        self._place = pasts[0].shape[3] if pasts else 0

    def past(self) -> torch.Tensor:
        """A copy of what the first row has behind it: (layers, keys and values, heads, tokens, width)."""
        return self._kept[:, :, 0, :, : self._place].clone()

    def read(self, count: int) -> dict[str, Any]:
        """Places for so many tokens of the first row: what a model is told besides the tokens."""
        self._window = slice(self._place, self._place + count)
        self._reach = self._window.stop
        places = self._numbers[self._window]
        mask = self._numbers[: self._reach] <= places[:, None]
        self.places[:1] += count
        self._place += count
        return self._told(places[None], mask[None, None])

    def next_reach(self) -> int:
        """How many places are looked at for the token that is to be spoken next: whole strides, more than are taken.

        A device that waits for its graph does so at less cost than with a graph for each place.
        """
        reach = (self._place // self._stride + 1) * self._stride
        self._place += 1
        return reach

    def speak(self, reach: int) -> dict[str, Any]:
        """A place in all rows, of which so many places are looked at; the same work on the device every time."""
        self._window = slice(0)
        self._reach = reach
        mask = self._numbers[:reach] <= self.places[:, None]
        return self._told(self.places[:, None], mask[:, None, None])

    def spoken(self) -> None:
        """Go on to the next place in all rows, after the layers have been through."""
        self.places += 1

    def update(
        self, keys: torch.Tensor, values: torch.Tensor, layer: int, *arguments: Any, **options: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Keep what a layer says of the tokens of this step; all that it may look at."""
        kept = self._kept[layer]
        if self._window.stop:
            kept[0, :1, :, self._window] = keys
            kept[1, :1, :, self._window] = values
            return kept[0, :1, :, : self._reach], kept[1, :1, :, : self._reach]
        kept[0][self._rows, :, self.places] = keys[:, :, 0]
        kept[1][self._rows, :, self.places] = values[:, :, 0]
        return kept[0, :, :, : self._reach], kept[1, :, :, : self._reach]

    def _told(self, places: torch.Tensor, mask: torch.Tensor) -> dict[str, Any]:
        return {
            "past_key_values": self, "position_ids": places, "attention_mask": {"full_attention": mask},
            "use_cache": False,
        }  # fmt: skip
