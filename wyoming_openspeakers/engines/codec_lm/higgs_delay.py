"""How the codes of a frame lie in Higgs' steps: each codebook one step after the one before it."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..torch.sampling import Sampler
from .frames import Frame, Layout

if TYPE_CHECKING:
    import torch

WINDOW = 7
"""Steps in which a code is repeated or is not."""

_NEVER = 1 << 40


@dataclass(frozen=True)
class Codes:
    """The codes that a model knows."""

    codebooks: int
    begin: int
    """Stands where a codebook has not begun."""

    end: int
    """Stands where a codebook is done."""

    @property
    def sounds(self) -> int:
        """How many codes of each codebook are sound."""
        return min(self.begin, self.end)

    def delayed(self, frames: list[Frame]) -> list[Frame]:
        """The steps of a recording, from its beginning to its end."""
        columns = [[frame[number] for frame in frames] for number in range(self.codebooks)]
        late = self.codebooks - 1
        whole = [
            [*[self.begin] * (number + 1), *column, *[self.end] * (late - number + 1)]
            for number, column in enumerate(columns)
        ]
        return [list(step) for step in zip(*whole, strict=True)]


class HiggsLayout(Layout):
    """A frame is whole with the step that brings its last codebook."""

    def __init__(self, codes: Codes) -> None:
        self._codes = codes
        self._steps: deque[Frame] = deque(maxlen=codes.codebooks)
        self._number = 0
        self._last: float = math.inf
        """The frame, counted from 1, that is the end and no sound."""

    def take(self, tokens: torch.Tensor) -> Frame | None:
        codes, step = self._codes, tokens.reshape(-1).tolist()
        self._number += 1
        self._steps.append(step)
        ends = [self._number - place for place, code in enumerate(step) if code == codes.end]
        self._last = min([self._last, *ends])
        whole = self._number - codes.codebooks + 1
        # All that belongs to the frames before the end is said.
        self.is_over = whole + 1 >= self._last
        if whole < 1 or whole >= self._last:
            return None
        return [step[place] for place, step in enumerate(self._steps)]


class StepChoice:
    """Chooses the codes of each step: only what can come at its place, and nothing too often.

    It works where the model does, and does not wait for it: when the end comes is known there.
    """

    def __init__(
        self, codes: Codes, sampler: Sampler, other: Sampler, most_repeats: int, device: torch.device
    ) -> None:
        """Take `other` for what is said instead of what has come `most_repeats` times, where that is not 0."""
        import torch

        self._codes = codes
        self._sampler = sampler
        self._other = other
        self._most_repeats = most_repeats
        self._places = torch.arange(codes.codebooks, device=device)
        self._last = torch.full((), _NEVER, device=device)
        """The frame, counted from 1, that is the end and no sound."""

    def __call__(self, said: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """The codes (1, codebooks) after those that were said (steps, codebooks), by scores (codebooks, codes)."""
        import torch

        codes, number = self._codes, len(said) + 1
        able = torch.full_like(scores, -torch.inf)
        able[:, : codes.sounds] = scores[:, : codes.sounds]
        able[:, codes.end] = scores[:, codes.end]
        chosen = self._sampler.noisy(able).argmax(dim=1)
        if self._most_repeats:
            often = (said[-WINDOW:] == chosen).sum(dim=0) >= self._most_repeats
            # Drawn in each step: whether it is wanted is not known here.
            chosen = self._other.noisy(able).argmax(dim=1).where(often, chosen)
        chosen[number:] = codes.begin
        frames = number - self._places
        ends = frames.masked_fill(chosen != codes.end, _NEVER).amin()
        self._last = torch.minimum(self._last, ends)
        return chosen.masked_fill(frames >= self._last, codes.end)[None]
