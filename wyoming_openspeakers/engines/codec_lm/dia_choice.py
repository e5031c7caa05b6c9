"""Chooses what Dia says next, from what is likely with the text and without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..torch.sampling import Sampler

if TYPE_CHECKING:
    import torch


class DiaChoice:
    """One code of each book, of those that the text makes likelier; only the first book says that it is at its end."""

    def __init__(self, sampler: Sampler, guidance: float, top_k: int, end: int) -> None:
        """Take the codes from `end` on for what is none."""
        self._sampler = sampler
        self._guidance = guidance
        self._top_k = top_k
        self._end = end

    @property
    def is_guided(self) -> bool:
        """It wants to know what would be said without the text, too."""
        return self._guidance > 1

    def __call__(self, scores: torch.Tensor) -> torch.Tensor:
        """The codes of a step; `scores` are a row for each book, with the text and, when it is guided, without."""
        return self._sampler.noisy(self.able(scores)).argmax(dim=-1)

    def able(self, scores: torch.Tensor) -> torch.Tensor:
        """The scores of what can be said."""
        said, end = scores[0], self._end
        said[:, end + 1 :] = -float("inf")
        said[1:, end] = -float("inf")
        guided = said + (said - scores[1]) * self._guidance if self.is_guided else said
        least = guided.topk(min(self._top_k, end), dim=-1).values[:, -1:]
        said = said.masked_fill(guided < least, -float("inf"))
        # Not by chance: it is at its end when nothing else is as likely, and then for sure.
        is_end = said[0].argmax() == end
        said[0, :end].masked_fill_(is_end, -float("inf"))
        said[0, end].masked_fill_(~is_end, -float("inf"))
        return said
