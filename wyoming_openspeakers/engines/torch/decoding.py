"""Goes through a decoder of the transformers library token by token, as fast as the device can.

The library's own loop starts every small step of the device from Python, which takes several times as long as the work,
and waits for each token. Here the prompt goes through the library's model, and each token after it through its layers
alone, with a cache that stays where it is: on a GPU as one captured graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ..base import EngineError
from .decoding_layer import LayerWeights, addresses_of, normed, through_layer, weights_of
from .family import library
from .graphs import Graphs, capture_on
from .static_cache import CLASS, StaticCache, room_for
from .steps import Places, Steps, Where

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
        graphs: Graphs | None = None,
    ) -> None:
        """`model` has no head. `usual` tokens fit without a longer cache; lengths are multiples of `unit`.

        Others of another kind may have the same `graphs`: then they are given up together.
        """
        from torch import nn

        demand_plain(model.config)
        self.gate = nn.Identity()
        """Called before each layer of each token, where none is captured: hooks of it may end a sequence."""
        self._model = model
        self._usual = usual
        self._unit = unit
        self._through = through
        self._graphs = graphs or Graphs(capture_on(device))
        self._places: Places | None = None
        self._addresses: tuple[int, ...] = ()

    def sequence(self, embeds: torch.Tensor, steps: int) -> Steps:
        """Begin with the embeddings (1, tokens, hidden) of a prompt, and go on for at most so many steps."""
        config = self._model.config
        past = library("cache_utils").DynamicCache(config=config)
        states = self._model(inputs_embeds=embeds, past_key_values=past, use_cache=True).last_hidden_state
        room = room_for(max(embeds.shape[1] + steps, self._usual), self._unit)
        if self._places is None or self._places.cache.room < room:
            # Not both at once: the old ones go before the new ones come.
            self.rest()
            self._places = Places(self._model, StaticCache(past, room), config.hidden_size)
        places = self._places
        layers = [weights_of(layer) for layer in self._model.layers]
        addresses = (*addresses_of(layers), self._model.norm.weight.data_ptr())
        if addresses != self._addresses:
            self._graphs.drop()
            self._addresses = addresses
        length = places.cache.fill(past)
        through = partial(self._through_all, places.cache)
        return Steps(self._graphs, places, through, layers, length, states[:, -1], config.model_type, self._unit)

    def rest(self) -> None:
        """Give back what can be made again: nothing is said for a while, or the weights move."""
        self._graphs.drop()
        self._places = None
        self._addresses = ()

    def _through_all(
        self, cache: StaticCache, layers: Sequence[LayerWeights], x: torch.Tensor, where: Where
    ) -> torch.Tensor:
        for layer, keys, values in zip(layers, cache.keys, cache.values, strict=True):
            if where.mask is None:
                x = self.gate(x)
            x = self._through(x, layer, keys, values, *where)
        return normed(x, self._model.norm)


def demand_plain(config: Any) -> None:
    """Refuse a decoder with layers that are not built like a Llama's."""
    rope = (getattr(config, "rope_parameters", None) or {}).get("rope_type", "default")
    if rope in _LENGTH_ROPES or config.hidden_act != "silu" or getattr(config, "sliding_window", None):
        raise EngineError(f"A decoder of the kind {config.model_type} with these settings is not supported")
