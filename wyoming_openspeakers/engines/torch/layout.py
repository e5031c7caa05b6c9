"""How a model's weights lie in one block: stage by stage, and each once, whatever is tied or a view of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn

ALIGNMENT = 64
"""What vector instructions and copies like; weights keep their place within as many bytes."""


@dataclass
class Block:
    """Bytes of one storage that weights use: of one weight, or of several that overlap because they are tied."""

    storage: torch.UntypedStorage
    begin: int
    end: int
    place: int = 0
    """Where it is in the one block of all."""

    weights: list[torch.Tensor] = field(default_factory=list)


@dataclass
class Stage:
    """Modules that are waited for together, and where their weights are in the one block of all."""

    modules: list[nn.Module]
    blocks: list[Block]
    begin: int = 0
    end: int = 0


def lay_out(modules: Sequence[nn.Module]) -> tuple[list[Stage], list[torch.Tensor], int]:
    """The stages with the blocks that are theirs first, weights without a byte, and how much room all need."""
    stages: list[Stage] = []
    placed: set[nn.Module] = set()
    weights: dict[int, tuple[int, torch.Tensor]] = {}
    for number, outer in enumerate(modules):
        inner = [module for module in outer.modules() if module not in placed]
        placed.update(inner)
        stages.append(Stage(inner, []))
        for module in inner:
            for weight in (*module.parameters(recurse=False), *module.buffers(recurse=False)):
                weights.setdefault(id(weight), (number, weight))
    empty = [weight for _, weight in weights.values() if not weight.numel()]
    for number, block in _blocks([item for item in weights.values() if item[1].numel()]):
        stages[number].blocks.append(block)
    place = 0
    for stage in stages:
        for block in stage.blocks:
            block.place = -(-place // ALIGNMENT) * ALIGNMENT + block.begin % ALIGNMENT
            place = block.place + block.end - block.begin
        if stage.blocks:
            stage.begin, stage.end = stage.blocks[0].place, place
    return stages, empty, place


def _blocks(weights: list[tuple[int, torch.Tensor]]) -> Iterator[tuple[int, Block]]:
    """Blocks with the number of the first stage that uses them, in the order of the weights."""
    spans = []
    for order, (number, weight) in enumerate(weights):
        size = weight.element_size()
        begin = weight.storage_offset() * size
        last = sum((length - 1) * stride for length, stride in zip(weight.size(), weight.stride(), strict=True))
        spans.append((weight.untyped_storage().data_ptr(), begin, begin + (last + 1) * size, order, number, weight))
    spans.sort(key=lambda span: span[:4])
    blocks: list[tuple[int, int, int, Block]] = []
    for storage, begin, end, order, number, weight in spans:
        if blocks and blocks[-1][0] == storage and begin < blocks[-1][3].end:
            _, first_order, first_number, block = blocks[-1]
            block.end = max(block.end, end)
            block.weights.append(weight)
            blocks[-1] = (storage, min(order, first_order), min(number, first_number), block)
        else:
            block = Block(weight.untyped_storage(), begin, end, weights=[weight])
            blocks.append((storage, order, number, block))
    for _, _, number, block in sorted(blocks, key=lambda item: item[1]):
        yield number, block


def bytes_of(block: Block) -> torch.Tensor:
    """A block as it lies in memory."""
    import torch

    place = torch.empty(0, dtype=torch.uint8, device=block.storage.device)
    return place.set_(block.storage, block.begin, (block.end - block.begin,), (1,))
