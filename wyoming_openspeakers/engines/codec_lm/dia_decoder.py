"""Dia's decoder step by step: what it remembers stays where it is, and on a GPU a step is one captured graph.

The steps that are known before it speaks go through the library's model. So does the text, once: what the layers look
at of it stays the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ..torch.decoding import demand_plain
from ..torch.decoding_layer import addresses_of, normed
from ..torch.family import library
from ..torch.graphs import Graphs, capture_on
from ..torch.static_cache import StaticCache, room_for
from ..torch.steps import Places, Steps, Where
from .dia_layer import DiaWeights, Masks, Memory, dia_weights_of, through_dia_layer

if TYPE_CHECKING:
    import torch

TEXT_CLASS = 256
"""Bytes by which texts are sorted: those of one class share their memory and their graphs."""

USUAL_TEXT = 512
"""Bytes of a piece with what was said before it."""


class DiaDecoder:
    """One sequence at a time. Between sequences it keeps its memory and its graphs, but none of the model's weights."""

    def __init__(self, model: Any, device: torch.device, *, graphs: Graphs | None = None) -> None:
        """`model` is the library's decoder, which has no head."""
        from torch import nn

        demand_plain(model.config)
        self.gate = nn.Identity()
        """Called before each layer of each step, where none is captured: hooks of it may end a sequence."""
        self.device = device
        self._model = model
        self._graphs = graphs or Graphs(capture_on(device))
        self._places: _Places | None = None
        self._addresses: tuple[int, ...] = ()

    def sequence(self, codes: torch.Tensor, heard: torch.Tensor, steps: int) -> Steps:
        """Begin with known codes (1, steps, books), and go on for at most so many steps.

        `heard` (rows, places, width) is what was made of the text, and in a second row of none. The codes are the same
        for both.
        """
        caches = library("cache_utils")
        config = self._model.config
        past = caches.EncoderDecoderCache(caches.DynamicCache(config=config), caches.DynamicCache(config=config))
        states = self._model(
            input_ids=codes.expand(len(heard), -1, -1),
            encoder_hidden_states=heard,
            past_key_values=past,
            use_cache=True,
        ).last_hidden_state[:, -1]
        said, text = _rows_as_heads(past.self_attention_cache), _rows_as_heads(past.cross_attention_cache)
        places = self._places_for(said, text, codes.shape[1] + steps, len(heard))
        layers = [dia_weights_of(layer) for layer in self._model.layers]
        self._note_addresses(layers)
        length = places.begin(said, text)
        through, name = partial(self._through, places), f"text {places.text_span}"
        return Steps(self._graphs, places, through, layers, length, states, name)

    def rest(self) -> None:
        """Give back what can be made again: nothing is said for a while, or the weights move."""
        self._graphs.drop()
        self._places = None
        self._addresses = ()

    def _places_for(self, said: Any, text: Any, steps: int, rows: int) -> _Places:
        usual, usual_text = 0, 0
        if self._graphs.are_used:
            # So that they need not be captured again for a longer piece.
            usual, usual_text = self._model.config.max_position_embeddings, USUAL_TEXT
        room = room_for(max(steps, usual))
        text_room = room_for(max(text.layers[0].keys.shape[2], usual_text), TEXT_CLASS)
        if self._places is None or not self._places.are_enough(rows, room, text_room):
            # Not both at once: the old ones go before the new ones come.
            self.rest()
            self._places = _Places(self._model, said, text, rows, room, text_room)
        return self._places

    def _note_addresses(self, layers: list[DiaWeights]) -> None:
        texts = (tensor.data_ptr() for layer in layers for tensor in (layer.norm, layer.query, layer.out))
        addresses = (*addresses_of([layer.own for layer in layers]), *texts, self._model.norm.weight.data_ptr())
        if addresses != self._addresses:
            self._graphs.drop()
            self._addresses = addresses

    def _through(
        self, places: _Places, layers: Sequence[DiaWeights], x: torch.Tensor, where: Where
    ) -> torch.Tensor:
        is_captured = where.mask is not None
        texts, text_mask = places.texts_in_span() if is_captured else (places.text_there, None)
        masks = Masks(where.mask, text_mask)
        for layer, said, text in zip(layers, places.said, texts, strict=True):
            if not is_captured:
                x = self.gate(x)
            x = through_dia_layer(x, layer, said, text, where.slot, where.rotation, masks, where.span)
        return normed(x, self._model.norm)


class _Places(Places):
    """With what a sequence remembers of itself and of its text, row by row."""

    def __init__(self, model: Any, said: Any, text: Any, rows: int, room: int, text_room: int) -> None:
        import torch

        super().__init__(model, StaticCache(said, room), model.config.hidden_size, rows)
        self._text = StaticCache(text, text_room)
        self.said, self._texts = _memories(self.cache, rows), _memories(self._text, rows)
        """Of each layer, with room for what is to come, and for longer texts."""
        self.text_there = self._texts
        """No more of each text than there is."""
        self.text_span = 0
        """How long texts of this one's class are."""
        self._text_mask = torch.zeros(text_room, dtype=self.given.dtype, device=self.given.device)

    def are_enough(self, rows: int, room: int, text_room: int) -> bool:
        """Whether such a sequence fits."""
        return rows == len(self.given) and room <= self.cache.room and text_room <= self._text.room

    def begin(self, said: Any, text: Any) -> int:
        """Begin with what the library kept of the text and of the known steps; how many these are."""
        length = self._text.fill(text)
        self.text_span = room_for(length, TEXT_CLASS)
        self.text_there = [memory.first(length) for memory in self._texts]
        self._text_mask.zero_()
        self._text_mask[length:] = -float("inf")
        return self.cache.fill(said)

    def texts_in_span(self) -> tuple[list[Memory], torch.Tensor]:
        """As much of each text as its class is long, and a mask of what is not in it."""
        span = self.text_span
        return [memory.first(span) for memory in self._texts], self._text_mask[:span].view(1, 1, 1, span)


def _rows_as_heads(past: Any) -> Any:
    """What the library kept of all rows, as if it were the heads of one: room is made for one sequence."""
    layers = [
        SimpleNamespace(keys=layer.keys.flatten(0, 1)[None], values=layer.values.flatten(0, 1)[None])
        for layer in past.layers
    ]
    return SimpleNamespace(layers=layers)


def _memories(cache: StaticCache, rows: int) -> list[Memory]:
    """That of each layer, row by row."""
    return [
        Memory(keys.unflatten(0, (rows, -1)), values.unflatten(0, (rows, -1)))
        for keys, values in zip(cache.keys, cache.values, strict=True)
    ]
