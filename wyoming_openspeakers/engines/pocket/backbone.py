"""Pocket-TTS' transformer goes on by one frame, in as few steps of the device as torch has for it.

The library's own step has twice as many around the same products of matrices, and makes its cache anew each time.
Here the cache stays where it is, so that a GPU does the whole step as one captured graph.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ..torch.graphs import Graphs
from ..torch.rotation import Rotations
from ..torch.static_cache import StaticCache, room_for

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
        self._places: _Places | None = None
        self._length = 0

    def begin(self, past: Any, most: int) -> None:
        """Go on from what the library kept of a prompt, for at most so many frames."""
        room = room_for(past.get_seq_length() + most)
        if self._places is None or self._places.cache.room < room:
            # Not both at once: the old ones go before the new ones come.
            self.rest()
            self._places = _Places(self._model, StaticCache(past, room))
        self._length = self._places.cache.fill(past)

    def state(self, latent: torch.Tensor) -> torch.Tensor:
        """The state (1, hidden) of which the next frame is made, after the last one (1, n); good until the next."""
        places = self._places
        assert places is not None
        if self._graphs.are_used:
            places.latent.copy_(latent)
            places.slot.fill_(self._length)
            span = room_for(self._length + 1)
            self._graphs.run(("backbone", span), partial(self._step_in_place, places, span))
            state = places.state
        else:
            at = slice(self._length, self._length + 1)
            state = self._step(places, latent, at, at.stop, None)
        self._length += 1
        return state

    def rest(self) -> None:
        """Give back what can be made again: nothing is said for a while, or the weights move."""
        self._graphs.drop()
        self._places = None

    def _step_in_place(self, places: _Places, span: int) -> None:
        places.state.copy_(self._step(places, places.latent, places.slot, span, places.mask(span)))

    def _step(
        self, places: _Places, latent: torch.Tensor, at: torch.Tensor | slice, span: int, mask: torch.Tensor | None
    ) -> torch.Tensor:
        """Put the frame `at` its place; it looks at the first `span`, with a mask where not all are there yet."""
        model, cache, rotation = self._model, places.cache, places.rotations.at(at)
        x = model.audio_latent_proj(latent)
        for layer, keys, values in zip(model.layers, cache.keys, cache.values, strict=True):
            if mask is None:
                x = self.gate(x)
            attention, width = layer.self_attn, keys.shape[-1]
            normed = layer.input_layernorm(x)
            keys[:, at] = (attention.k_proj(normed).view(-1, width) @ rotation).unsqueeze(1)
            values[:, at] = attention.v_proj(normed).view(-1, 1, width)
            queries = attention.q_proj(normed).view(-1, width) @ rotation
            x = x + attention.o_proj(_seen(queries, keys[:, :span], values[:, :span], mask, attention.scaling))
            x = x + layer.mlp(layer.post_attention_layernorm(x))
        state: torch.Tensor = model.norm(x)
        return state


class _Places:
    """Where a graph finds its input and leaves its output, and what steps look up."""

    def __init__(self, model: Any, cache: StaticCache) -> None:
        import torch

        like = cache.keys
        self.cache = cache
        self.slot = torch.zeros(1, dtype=torch.long, device=like.device)
        self.latent = torch.zeros(1, model.config.latent_dim, dtype=like.dtype, device=like.device)
        self.state = torch.zeros(1, model.config.hidden_size, dtype=like.dtype, device=like.device)
        self._numbers = torch.arange(cache.room, device=like.device)
        self.rotations = Rotations(model.rotary_emb, like, cache.room)

    def mask(self, span: int) -> torch.Tensor:
        """Which of so many places are there: those up to the slot."""
        return (self._numbers[:span] <= self.slot)[None]


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
