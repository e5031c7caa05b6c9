"""Pocket-TTS' transformer goes on by one frame, in as few steps of the device as torch has for it.

The library's own step has twice as many around the same products of matrices, and makes its cache anew each time.
Here the cache stays where it is, so that a GPU does the whole step as one captured graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ..torch.graphs import Graphs
from ..torch.static_cache import StaticCache, room_for
from ..torch.steps import Places, Steps, Where

if TYPE_CHECKING:
    import torch


class Backbone:
    """What was heard and said so far, and the step to the next frame. One sequence at a time."""

    def __init__(self, model: Any, graphs: Graphs) -> None:
        """Take the library's transformer: its own modules do the work here, wherever their weights are."""
        from torch import nn

        self.gate = nn.Identity()
        """Called before each layer of each frame, where none is captured: hooks of it may end a sequence."""
        self._model = model
        self._graphs = graphs
        self._places: Places | None = None

    def begin(self, past: Any, state: torch.Tensor, most: int) -> Steps:
        """Go on from what the library kept of a prompt and its last state (1, hidden), for at most so many frames.

        A step is given the last frame (1, n).
        """
        room = room_for(past.get_seq_length() + most)
        if self._places is None or self._places.cache.room < room:
            # Not both at once: the old ones go before the new ones come.
            self.rest()
            self._places = Places(self._model, StaticCache(past, room), self._model.config.latent_dim)
        places = self._places
        through = partial(self._through, places.cache)
        return Steps(self._graphs, places, through, [*self._model.layers], places.cache.fill(past), state, "backbone")

    def rest(self) -> None:
        """Give back what can be made again: nothing is said for a while, or the weights move."""
        self._graphs.drop()
        self._places = None

    def _through(self, cache: StaticCache, layers: Sequence[Any], latent: torch.Tensor, where: Where) -> torch.Tensor:
        slot, span, rotation, mask = where
        x = self._model.audio_latent_proj(latent)
        for layer, keys, values in zip(layers, cache.keys, cache.values, strict=True):
            if mask is None:
                x = self.gate(x)
            attention, width = layer.self_attn, keys.shape[-1]
            normed = layer.input_layernorm(x)
            keys[:, slot] = (attention.k_proj(normed).view(-1, width) @ rotation).unsqueeze(1)
            values[:, slot] = attention.v_proj(normed).view(-1, 1, width)
            queries = attention.q_proj(normed).view(-1, width) @ rotation
            x = x + attention.o_proj(_seen(queries, keys[:, :span], values[:, :span], mask, attention.scaling))
            x = x + layer.mlp(layer.post_attention_layernorm(x))
        state: torch.Tensor = self._model.norm(x)
        return state


def _seen(
    queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor | None, scale: float
) -> torch.Tensor:
    """What a frame takes from those that it looks at, of shape (1, heads * width)."""
    from torch.nn import functional

    # Those who share a key are asked together, as if they came one after the other: keys need no copies then.
    asked = queries.view(1, len(keys), -1, queries.shape[-1])
    return functional.scaled_dot_product_attention(
        asked, keys[None], values[None], attn_mask=mask, scale=scale
    ).reshape(1, -1)  # fmt: skip
