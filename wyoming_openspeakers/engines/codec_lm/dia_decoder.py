"""Dia's decoder step by step: what it remembers stays where it is, and on a GPU a step is one captured graph.

The steps that are known before it speaks go through the library's model. So does the text, once: what the layers look
at of it stays the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ..torch.decoding import demand_plain
from ..torch.decoding_layer import addresses_of
from ..torch.family import library
from ..torch.graphs import Capture, Graphs, capture_on
from ..torch.rotation import Rotations
from ..torch.static_cache import StaticCache, room_for
from .dia_layer import DiaWeights, Masks, Memory, dia_weights_of, through_dia_layer

if TYPE_CHECKING:
    import torch

TEXT_CLASS = 256
"""Bytes by which texts are sorted: those of one class share their memory and their graphs."""

USUAL_TEXT = 512
"""Bytes of a piece with what was said before it."""


class DiaDecoder:
    """One sequence at a time. Between sequences it keeps its memory and its graphs, but none of the model's weights."""

    def __init__(
        self, model: Any, device: torch.device, *, capture: Callable[[torch.device], Capture | None] = capture_on
    ) -> None:
        """`model` is the library's decoder, which has no head."""
        from torch import nn

        demand_plain(model.config)
        self.gate = nn.Identity()
        """Called before each layer of each step, where none is captured: hooks of it may end a sequence."""
        self.device = device
        self._model = model
        self._graphs = Graphs(capture(device))
        self._places: _Places | None = None
        self._addresses: tuple[int, ...] = ()

    @contextmanager
    def sequence(self, codes: torch.Tensor, heard: torch.Tensor, steps: int) -> Iterator[DiaSequence]:
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
        del past, said, text
        run = DiaSequence(self, places, layers, length, states)
        try:
            yield run
        finally:
            # Else the memory of weights that are moved away would stay in use.
            layers.clear()

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


class DiaSequence:
    """What is being said."""

    def __init__(
        self, decoder: DiaDecoder, places: _Places, layers: list[DiaWeights], length: int, state: torch.Tensor
    ) -> None:
        self.device = decoder.device
        self.state = state
        """The last states (rows, hidden), from which the next codes are chosen, until the next step."""
        self._decoder = decoder
        self._places = places
        self._layers = layers
        self._length = length

    def step(self, embed: torch.Tensor) -> None:
        """Go on with the embedding (1, hidden) of the codes of a step."""
        if self._decoder._graphs.are_used:
            self._step_in_graph(embed)
        else:
            self._step(embed)
        self._length += 1

    def _step(self, embed: torch.Tensor) -> None:
        places = self._places
        at = slice(self._length, self._length + 1)
        rotation, x = places.rotations.at(at), embed.expand(places.rows, -1)
        for layer, said, text in zip(self._layers, places.said, places.text_there, strict=True):
            x = self._decoder.gate(x)
            x = through_dia_layer(x, layer, said, text, at, rotation, Masks(), at.stop)
        self.state = self._norm(x)

    def _step_in_graph(self, embed: torch.Tensor) -> None:
        places = self._places
        places.embed.copy_(embed)
        places.slot.fill_(self._length)
        span, text_span = room_for(self._length + 1), room_for(places.text_length, TEXT_CLASS)
        work = partial(self._step_in_place, tuple(self._layers), span, text_span)
        self._decoder._graphs.run((span, text_span), work)
        self.state = places.state

    def _step_in_place(self, layers: tuple[DiaWeights, ...], span: int, text_span: int) -> None:
        places = self._places
        rotation, masks, x = places.rotations.at(places.slot), places.masks(span, text_span), places.embed
        for layer, said, text in zip(layers, places.said, places.text, strict=True):
            x = through_dia_layer(x, layer, said, text.first(text_span), places.slot, rotation, masks, span)
        places.state.copy_(self._norm(x))

    def _norm(self, x: torch.Tensor) -> torch.Tensor:
        import torch

        norm = self._decoder._model.norm
        return torch.nn.functional.rms_norm(x, x.shape[-1:], norm.weight, norm.variance_epsilon)


class _Places:
    """What a sequence remembers, what steps look up, and where a graph finds its input and leaves its output."""

    def __init__(self, model: Any, said: Any, text: Any, rows: int, room: int, text_room: int) -> None:
        import torch

        self.rows = rows
        self._said, self._text = StaticCache(said, room), StaticCache(text, text_room)
        self.said, self.text = _memories(self._said, rows), _memories(self._text, rows)
        """Of each layer, with room for what is to come, and for longer texts."""
        self.text_there = self.text
        """No more of each text than there is."""
        self.text_length = 0
        keys = self._said.keys
        self.slot = torch.zeros(1, dtype=torch.long, device=keys.device)
        self.embed = torch.zeros(rows, model.config.hidden_size, dtype=keys.dtype, device=keys.device)
        self.state = torch.zeros_like(self.embed)
        self._numbers = torch.arange(room, device=keys.device)
        self.rotations = Rotations(model.rotary_emb, keys, room)
        self._nothing = torch.zeros(room, dtype=keys.dtype, device=keys.device)
        self._text_mask = torch.zeros(text_room, dtype=keys.dtype, device=keys.device)

    def are_enough(self, rows: int, room: int, text_room: int) -> bool:
        """Whether such a sequence fits."""
        return rows == self.rows and room <= self._said.room and text_room <= self._text.room

    def begin(self, said: Any, text: Any) -> int:
        """Begin with what the library kept of the text and of the known steps; how many these are."""
        length = self.text_length = self._text.fill(text)
        self.text_there = [memory.first(length) for memory in self.text]
        self._text_mask.zero_()
        self._text_mask[length:] = -float("inf")
        return self._said.fill(said)

    def masks(self, span: int, text_span: int) -> Masks:
        """Nothing of what comes after the slot, and nothing of what is not in the text."""
        is_later = self._numbers[:span] > self.slot
        said = self._nothing[:span].masked_fill(is_later, -float("inf"))
        return Masks(said.view(1, 1, 1, span), self._text_mask[:text_span].view(1, 1, 1, text_span))


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
