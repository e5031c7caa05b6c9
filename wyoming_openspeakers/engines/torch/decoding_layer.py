"""One token through one layer of a decoder of Llama's kind, in as few steps of the device as torch has for it.

A device spends as long on starting such steps as on the work in them: the library's layer has over forty, this one
about fifteen. It reads the library's own weights where they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import torch

    Linear = tuple[torch.Tensor, torch.Tensor | None]


class LayerWeights(NamedTuple):
    """What a layer multiplies with. Not to be kept: a parked model's weights lie elsewhere."""

    norm: torch.Tensor
    attention: Sequence[Linear]
    """From a state to queries, keys and values: one matrix where they lie side by side."""

    out: Linear
    norm_after: torch.Tensor
    gates: Sequence[Linear]
    """From a state to the gates and to what they let through."""

    down: Linear
    epsilon: float
    scale: float


def weights_of(layer: Any) -> LayerWeights:
    """The weights of a layer of the library."""
    attention, mlp, norm, after = layer.self_attn, layer.mlp, layer.input_layernorm, layer.post_attention_layernorm
    return LayerWeights(
        norm=norm.weight,
        attention=_joined(attention.q_proj, attention.k_proj, attention.v_proj),
        out=(attention.o_proj.weight, attention.o_proj.bias),
        norm_after=after.weight,
        gates=_joined(mlp.gate_proj, mlp.up_proj),
        down=(mlp.down_proj.weight, mlp.down_proj.bias),
        epsilon=float(norm.variance_epsilon),
        scale=float(attention.scaling),
    )


def addresses_of(layers: Sequence[LayerWeights]) -> tuple[int, ...]:
    """Where the weights of layers are: a graph knows them by nothing else."""
    return tuple(
        tensor.data_ptr()
        for layer in layers
        for pair in (*layer.attention, layer.out, *layer.gates, layer.down, (layer.norm, layer.norm_after))
        for tensor in pair
        if tensor is not None
    )


def through_layer(
    x: torch.Tensor,
    layer: LayerWeights,
    keys: torch.Tensor,
    values: torch.Tensor,
    slot: torch.Tensor | slice,
    span: int,
    rotation: torch.Tensor,
    mask: torch.Tensor | None,
) -> torch.Tensor:
    """The state (1, hidden) after a layer; its keys and values (heads, room, width) are put into `slot`.

    It looks at the first `span` of them, with a mask where not all of these are there yet.
    """
    from torch.nn import functional

    heads, _, width = keys.shape
    mixed = linears(functional.rms_norm(x, x.shape[-1:], layer.norm, layer.epsilon), layer.attention).view(-1, width)
    # One product turns queries and keys by their place in the sequence.
    turned = mixed[:-heads] @ rotation
    keys[:, slot] = turned[-heads:].unsqueeze(1)
    values[:, slot] = mixed[-heads:].unsqueeze(1)
    # Those who share a key are asked together, as if they came one after the other: keys need no copies then.
    queries = turned[:-heads].view(1, heads, -1, width)
    seen = functional.scaled_dot_product_attention(
        queries, keys[None, :, :span], values[None, :, :span], attn_mask=mask, scale=layer.scale
    )
    x = x + functional.linear(seen.reshape(1, -1), *layer.out)
    gates = linears(functional.rms_norm(x, x.shape[-1:], layer.norm_after, layer.epsilon), layer.gates)
    gate, up = gates.chunk(2, dim=-1)
    return x + functional.linear(functional.silu(gate) * up, *layer.down)


def _joined(*linears: Any) -> Sequence[Linear]:
    """Linear layers of one input, as one where their weights are neighbours."""
    pairs = [(linear.weight, linear.bias) for linear in linears]
    if any(bias is not None for _, bias in pairs):
        return pairs
    whole = _neighbours([weight for weight, _ in pairs])
    return pairs if whole is None else [(whole, None)]


def _neighbours(matrices: Sequence[torch.Tensor]) -> torch.Tensor | None:
    """One matrix of all rows, or None where they do not follow each other in memory."""
    first = matrices[0]
    places = accumulate((matrix.numel() for matrix in matrices), initial=first.storage_offset())
    for matrix, place in zip(matrices, places, strict=False):
        is_next = matrix.storage_offset() == place and matrix.is_contiguous() and matrix.dtype == first.dtype
        if not is_next or matrix.untyped_storage().data_ptr() != first.untyped_storage().data_ptr():
            return None
    rows = sum(matrix.shape[0] for matrix in matrices)
    return first.as_strided((rows, first.shape[1]), (first.shape[1], 1))


def linears(x: torch.Tensor, parts: Sequence[Linear]) -> torch.Tensor:
    """What several matrices make of the same, beside each other."""
    import torch

    done = [torch.nn.functional.linear(x, *part) for part in parts]
    return done[0] if len(done) == 1 else torch.cat(done, dim=-1)


def normed(x: torch.Tensor, norm: Any) -> torch.Tensor:
    """At once what a norm of the library does in steps."""
    from torch.nn import functional

    return functional.rms_norm(x, x.shape[-1:], norm.weight, norm.variance_epsilon)
