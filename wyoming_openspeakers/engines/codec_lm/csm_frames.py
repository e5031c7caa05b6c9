"""The frames of a CSM one by one: its backbone says the first code of each, its depth decoder the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..torch.decoding import Backbone
from ..torch.decoding_tokens import tokens_of
from ..torch.graphs import Graphs, capture_on

if TYPE_CHECKING:
    import torch


class CsmFrames:
    """Goes through both of a CSM's decoders without the library's loop, which starts anew for each frame."""

    def __init__(self, model: Any, device: torch.device, usual: int, *, graphs: Graphs | None = None) -> None:
        """Take the whole model; `usual` frames with their prompt fit without a longer cache."""
        self._model = model
        self._codes = int(model.config.num_codebooks)
        self._depth_model = model.depth_decoder.model
        graphs = graphs or Graphs(capture_on(device))
        self._backbone = Backbone(model.backbone_model, device, usual, graphs=graphs)
        self._depth = Backbone(self._depth_model, device, self._codes, self._codes, graphs=graphs)

    @property
    def gates(self) -> list[Any]:
        """What is called before each layer of each step: hooks of it may end the frames."""
        return [self._backbone.gate, self._depth.gate]

    def rest(self) -> None:
        """Give back what can be made again."""
        self._backbone.rest()
        self._depth.rest()

    def say(
        self, embeds: torch.Tensor, most: int, choose: Callable[[torch.Tensor], torch.Tensor]
    ) -> Iterator[torch.Tensor]:
        """At most so many frames (1, codes) after a prompt; `choose` makes a code (1, 1) of the scores of all."""

        def frame(_: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
            return self._frame(state, choose)

        with self._backbone.sequence(embeds, most) as sequence:
            yield from tokens_of(
                sequence, most, frame, lambda codes: self._model.backbone_model.embed_tokens(codes[None]), self._codes
            )

    def _frame(self, state: torch.Tensor, choose: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        import torch

        depth, heads = self._depth_model, self._model.depth_decoder.codebooks_head.weight
        codes = [choose(self._model.lm_head(state).float())]
        prompt = torch.stack([state, depth.embed_tokens(codes[0])[0]], dim=1)
        with self._depth.sequence(prompt, self._codes - 2) as sequence:
            for number in range(1, self._codes):
                codes.append(choose((sequence.state @ heads[number - 1]).float()))
                if number + 1 < self._codes:
                    embed = depth.embed_tokens(codes[number] + number * depth.vocab_size)[0]
                    sequence.step(depth.inputs_embeds_projector(embed))
        return torch.cat(codes, dim=1)
