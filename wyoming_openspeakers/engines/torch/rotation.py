"""How queries and keys are turned by their places in a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


class Rotations:
    """The matrix of each place: one product with it turns all heads at once."""

    def __init__(self, rotary: Any, keys: torch.Tensor, room: int) -> None:
        """`rotary` is the library's embedding of places; heads are as wide as `keys`, and of their kind."""
        import torch

        width, half = keys.shape[-1], keys.shape[-1] // 2
        places = torch.arange(room, device=keys.device)
        cosines, sines = rotary(keys.new_zeros(1, 1, 1), places[None])
        self._cosines, self._sines = cosines[0], sines[0]
        self._same = torch.eye(width, dtype=keys.dtype, device=keys.device)
        # The library turns halves: (a, b) becomes (a cos - b sin, b cos + a sin).
        self._turned = torch.cat([self._same[half:], -self._same[:half]])

    def at(self, place: torch.Tensor | slice) -> torch.Tensor:
        """The matrix of a place."""
        import torch

        return torch.addcmul(self._same * self._cosines[place], self._turned, self._sines[place])
