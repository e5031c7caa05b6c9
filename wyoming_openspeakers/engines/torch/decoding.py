"""Goes through a decoder of the transformers library token by token, as fast as the device can.

The library's own loop starts every small step of the device from Python, which takes several times as long as the work,
and waits for each token. Here the prompt goes through the library's model, and each token after it through its layers
alone, with a cache that stays where it is: on a GPU as one captured graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from ..base import EngineError
from .decoding_layer import LayerWeights, addresses_of, through_layer, weights_of
from .family import library
from .graphs import Capture, Graphs, capture_on
from .rotation import Rotations
from .static_cache import CLASS, StaticCache, room_for

if TYPE_CHECKING:
    import torch

_LENGTH_ROPES = ("dynamic", "longrope")
"""Ways to turn keys that depend on how long a sequence is."""


class Backbone:
    """A Llama, or what is built like one: the backbone and the depth decoder of CSM, a Qwen 2.

    One sequence at a time. Between sequences it keeps its cache and its graphs, but none of the model's weights.
    """

    def __init__(
        self,
        model: Any,
        device: torch.device,
        usual: int = CLASS,
        unit: int = CLASS,
        *,
        through: Callable[..., torch.Tensor] = through_layer,
        capture: Callable[[torch.device], Capture | None] = capture_on,
    ) -> None:
        """`model` has no head. `usual` tokens fit without a longer cache; lengths are multiples of `unit`."""
        from torch import nn

        demand_plain(model.config)
        self.gate = nn.Identity()
        """Called before each layer of each token, where none is captured: hooks of it may end a sequence."""
        self.device = device
        self._model = model
        self._usual = usual
        self._unit = unit
        self._through = through
        self._graphs = Graphs(capture(device))
        self._cache: StaticCache | None = None
        self._tables: _Tables | None = None
        self._addresses: tuple[int, ...] = ()

    @contextmanager
    def sequence(self, embeds: torch.Tensor, steps: int) -> Iterator[Sequence]:
        """Begin with the embeddings (1, tokens, hidden) of a prompt, and go on for at most so many steps."""
        past = library("cache_utils").DynamicCache(config=self._model.config)
        states = self._model(inputs_embeds=embeds, past_key_values=past, use_cache=True).last_hidden_state
        room = room_for(max(embeds.shape[1] + steps, self._usual), self._unit)
        if self._cache is None or self._tables is None or self._cache.room < room:
            # Not both at once: the old one goes before the new one comes.
            self.rest()
            self._cache = StaticCache(past, room)
            self._tables = _Tables(self._model, self._cache)
        layers = [weights_of(layer) for layer in self._model.layers]
        addresses = (*addresses_of(layers), self._model.norm.weight.data_ptr())
        if addresses != self._addresses:
            self._graphs.drop()
            self._addresses = addresses
        length = self._cache.fill(past)
        del past
        run = Sequence(self, self._cache, self._tables, layers, length, states[:, -1])
        try:
            yield run
        finally:
            # Else the memory of weights that are moved away would stay in use.
            layers.clear()

    def rest(self) -> None:
        """Give back what can be made again: nothing is said for a while, or the weights move."""
        self._graphs.drop()
        self._cache = self._tables = None
        self._addresses = ()


class Sequence:
    """What is being said."""

    def __init__(
        self,
        backbone: Backbone,
        cache: StaticCache,
        tables: _Tables,
        layers: list[LayerWeights],
        length: int,
        state: torch.Tensor,
    ) -> None:
        self.device = backbone.device
        self.state = state
        """The last state (1, hidden), from which the next token is chosen, until the next step."""
        self._backbone = backbone
        self._cache = cache
        self._tables = tables
        self._layers = layers
        self._length = length

    def step(self, embed: torch.Tensor) -> None:
        """Go on with the embedding (1, hidden) of a token."""
        if self._backbone._graphs.are_used:
            self._step_in_graph(embed)
        else:
            self._step(embed)
        self._length += 1

    def _step(self, x: torch.Tensor) -> None:
        at = slice(self._length, self._length + 1)
        rotation = self._tables.rotations.at(at)
        for number, layer in enumerate(self._layers):
            x = self._backbone.gate(x)
            x = self._through(x, number, layer, at, at.stop, rotation, None)
        self.state = self._norm(x)

    def _step_in_graph(self, embed: torch.Tensor) -> None:
        tables = self._tables
        tables.embed.copy_(embed)
        tables.slot.fill_(self._length)
        span = room_for(self._length + 1, self._backbone._unit)
        self._backbone._graphs.run(span, partial(self._step_in_place, tuple(self._layers), span))
        self.state = tables.state

    def _step_in_place(self, layers: tuple[LayerWeights, ...], span: int) -> None:
        tables = self._tables
        rotation, mask = tables.rotations.at(tables.slot), tables.mask(span)
        x = tables.embed
        for number, layer in enumerate(layers):
            x = self._through(x, number, layer, tables.slot, span, rotation, mask)
        tables.state.copy_(self._norm(x))

    def _through(self, x: torch.Tensor, number: int, layer: LayerWeights, *rest: Any) -> torch.Tensor:
        return self._backbone._through(x, layer, self._cache.keys[number], self._cache.values[number], *rest)

    def _norm(self, x: torch.Tensor) -> torch.Tensor:
        import torch

        norm = self._backbone._model.norm
        return torch.nn.functional.rms_norm(x, x.shape[-1:], norm.weight, norm.variance_epsilon)


class _Tables:
    """What steps look up, and the places where a graph finds its input and leaves its output."""

    def __init__(self, model: Any, cache: StaticCache) -> None:
        import torch

        keys = cache.keys
        self.slot = torch.zeros(1, dtype=torch.long, device=keys.device)
        self.embed = torch.zeros(1, model.config.hidden_size, dtype=keys.dtype, device=keys.device)
        self.state = torch.zeros_like(self.embed)
        self._places = torch.arange(cache.room, device=keys.device)
        self.rotations = Rotations(model.rotary_emb, keys, cache.room)
        self._nothing = torch.zeros(cache.room, dtype=keys.dtype, device=keys.device)

    def mask(self, span: int) -> torch.Tensor:
        """Added to how much a token cares: nothing of what comes after the slot."""
        is_later = self._places[:span] > self.slot
        return self._nothing[:span].masked_fill(is_later, -float("inf")).view(1, 1, 1, span)


def demand_plain(config: Any) -> None:
    """Refuse a decoder with layers that are not built like a Llama's."""
    rope = (getattr(config, "rope_parameters", None) or {}).get("rope_type", "default")
    if rope in _LENGTH_ROPES or config.hidden_act != "silu" or getattr(config, "sliding_window", None):
        raise EngineError(f"A decoder of the kind {config.model_type} with these settings is not supported")
