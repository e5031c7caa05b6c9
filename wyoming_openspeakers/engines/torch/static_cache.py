"""Keys and values of one sequence at addresses that stay, so that a graph can be captured around them."""

from __future__ import annotations

from typing import Any

CLASS = 512
"""Tokens by which the lengths of sequences are sorted: those of one class share their memory and their graphs."""


def room_for(tokens: int, unit: int = CLASS) -> int:
    """The length of the class of a sequence."""
    return -(-tokens // unit) * unit


class StaticCache:
    """Room for one sequence of so many tokens. It is used again for the next one, which does not see this one."""

    def __init__(self, past: Any, room: int) -> None:
        """Take the shape from what the library kept of a prompt."""
        import torch

        first = past.layers[0].keys
        _, heads, _, width = first.shape
        self.room = room
        # Zeros: what is masked is multiplied with zero all the same, and must be a number.
        self.keys = torch.zeros(len(past.layers), heads, room, width, dtype=first.dtype, device=first.device)
        self.values = torch.zeros_like(self.keys)

    def fill(self, past: Any) -> int:
        """Begin with what the library kept of a prompt; its length."""
        for number, layer in enumerate(past.layers):
            length: int = layer.keys.shape[2]
            self.keys[number, :, :length] = layer.keys[0]
            self.values[number, :, :length] = layer.values[0]
        return length
