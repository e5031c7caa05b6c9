"""How the codes of a frame lie in Higgs' steps: each codebook one step after the one before it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..torch.sampling import Sampler
from .frames import Frame, Layout

if TYPE_CHECKING:
    import torch

WINDOW = 7
"""Steps in which a code is repeated or is not."""


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

    def take(self, tokens: torch.Tensor) -> Frame | None:
        self._steps.append(tokens.tolist())
        if len(self._steps) < self._codes.codebooks:
            return None
        frame = [step[number] for number, step in enumerate(self._steps)]
        if max(frame) >= self._codes.sounds:
            self.is_over = True
            return None
        return frame


class StepChoice:
    """Chooses the codes of each step: only what can come at its place, and nothing too often."""

    def __init__(self, codes: Codes, sampler: Sampler, other: Sampler, most_repeats: int) -> None:
        """Take `other` for what is said instead of what has come `most_repeats` times, where that is not 0."""
        self._codes = codes
        self._sampler = sampler
        self._other = other
        self._most_repeats = most_repeats
        self._recent: deque[Frame] = deque(maxlen=WINDOW)
        self._number = 0
        self._last: int | None = None
        """The frame, counted from 1, that is the end and no sound."""

    @property
    def is_over(self) -> bool:
        """All that belongs to the frames before the end is said."""
        return self._last is not None and self._number >= self._last + self._codes.codebooks - 2

    def __call__(self, scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The codes of the next step, of scores with a row for each codebook: where the scores are, and here."""
        import torch

        self._number += 1
        codes = self._codes
        able = torch.full_like(scores, -torch.inf)
        able[:, : codes.sounds] = scores[:, : codes.sounds]
        able[:, codes.end] = scores[:, codes.end]
        chosen = self._sampler.noisy(able).argmax(dim=1)
        here = chosen.cpu()
        if often := self._repeated(here.tolist()):
            other = self._other.noisy(able).argmax(dim=1)
            chosen = other.where(torch.tensor(often, device=other.device), chosen)
            here = chosen.cpu()
        if corrected := self._corrected(here.tolist()):
            here = torch.tensor(corrected)
            chosen = here.to(chosen.device)
        self._recent.append(here.tolist())
        return chosen, here

    def _repeated(self, said: Frame) -> list[bool]:
        """Of which codebooks the code has come too often lately; empty where of none."""
        if not self._most_repeats:
            return []
        often = [
            sum(step[place] == code for step in self._recent) >= self._most_repeats for place, code in enumerate(said)
        ]
        return often if any(often) else []

    def _corrected(self, said: Frame) -> Frame | None:
        """The step with what is not free to choose put right, or None where nothing is wrong."""
        number, codes = self._number, self._codes
        free = range(min(number, codes.codebooks))
        if self._last is None:
            ends = [number - place for place in free if said[place] == codes.end]
            self._last = min(ends, default=None)
        right = [
            codes.begin if place not in free
            else codes.end if self._last is not None and number - place >= self._last
            else code
            for place, code in enumerate(said)
        ]  # fmt: skip
        return right if right != said else None
