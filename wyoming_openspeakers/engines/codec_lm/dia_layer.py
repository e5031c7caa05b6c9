"""One step through one layer of Dia's decoder, with the text and without it as two rows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

from ..torch.decoding_layer import LayerWeights, linears, weights_of

if TYPE_CHECKING:
    import torch

    Linear = tuple[torch.Tensor, torch.Tensor | None]


class DiaWeights(NamedTuple):
    """What a layer multiplies with. Not to be kept: a parked model's weights lie elsewhere."""

    own: LayerWeights
    """As a Llama's layer has them: of what was said, and of each step."""

    norm: torch.Tensor
    """Before it looks at the text."""

    query: torch.Tensor
    out: torch.Tensor
    scale: float


class Memory(NamedTuple):
    """Keys and values (rows, heads, places, width)."""

    keys: torch.Tensor
    values: torch.Tensor

    def first(self, places: int) -> Memory:
        """Those of so many places."""
        return Memory(self.keys[:, :, :places], self.values[:, :, :places])


class Masks(NamedTuple):
    """What is added to how much a step cares for each place, where not all of them are there."""

    said: torch.Tensor | None = None
    text: torch.Tensor | None = None


def dia_weights_of(layer: Any) -> DiaWeights:
    """The weights of a layer of the library's decoder."""
    both, text = layer.mlp.gate_up_proj.weight, layer.cross_attention
    gate, up = (SimpleNamespace(weight=half, bias=None) for half in both.chunk(2))
    mlp = SimpleNamespace(gate_proj=gate, up_proj=up, down_proj=layer.mlp.down_proj)
    like_llama = SimpleNamespace(
        self_attn=layer.self_attention,
        mlp=mlp,
        input_layernorm=layer.pre_sa_norm,
        post_attention_layernorm=layer.pre_mlp_norm,
    )
    return DiaWeights(
        own=weights_of(like_llama),
        norm=layer.pre_ca_norm.weight,
        query=text.q_proj.weight,
        out=text.o_proj.weight,
        scale=float(text.scaling),
    )


def through_dia_layer(
    x: torch.Tensor,
    layer: DiaWeights,
    said: Memory,
    text: Memory,
    slot: torch.Tensor | slice,
    rotation: torch.Tensor,
    masks: Masks,
    span: int,
) -> torch.Tensor:
    """The states (rows, hidden) after a layer; their keys and values are put into `slot` of what was `said`.

    It looks at the first `span` places of that, and at all of the text.
    """
    from torch.nn import functional

    own, epsilon = layer.own, layer.own.epsilon
    rows, heads, _, width = said.keys.shape
    mixed = linears(functional.rms_norm(x, x.shape[-1:], own.norm, epsilon), own.attention).view(rows, -1, width)
    # One product turns queries and keys by their place in the sequence.
    turned = mixed[:, :-heads] @ rotation
    said.keys[:, :, slot] = turned[:, -heads:].unsqueeze(2)
    said.values[:, :, slot] = mixed[:, -heads:].unsqueeze(2)
    x = x + functional.linear(_seen(turned[:, :-heads], said.first(span), masks.said, own.scale), *own.out)
    queries = functional.linear(functional.rms_norm(x, x.shape[-1:], layer.norm, epsilon), layer.query)
    queries = queries.view(rows, -1, text.keys.shape[-1])
    x = x + functional.linear(_seen(queries, text, masks.text, layer.scale), layer.out)
    gates = linears(functional.rms_norm(x, x.shape[-1:], own.norm_after, epsilon), own.gates)
    gate, up = gates.chunk(2, dim=-1)
    return x + functional.linear(functional.silu(gate) * up, *own.down)


def _seen(queries: torch.Tensor, memory: Memory, mask: torch.Tensor | None, scale: float) -> torch.Tensor:
    """What queries (rows, heads, width) find there: rows of all heads."""
    from torch.nn import functional

    rows, heads, _, width = memory.keys.shape
    # Those who share a key are asked together, as if they came one after the other: keys need no copies then.
    together = queries.reshape(rows, heads, -1, width)
    return functional.scaled_dot_product_attention(together, *memory, attn_mask=mask, scale=scale).reshape(rows, -1)
