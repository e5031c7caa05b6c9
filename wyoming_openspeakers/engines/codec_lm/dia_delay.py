"""Dia says the codes of a frame one after another: those of finer books up to 15 steps after the first."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .frames import Frame, Layout

if TYPE_CHECKING:
    import torch

FREE = -1
"""Where the model chooses."""


class DiaLayout(Layout):
    """A frame is whole with the step that says its last code. When the first book is at its end, others go on."""

    def __init__(self, delays: Sequence[int], end: int) -> None:
        self._delays = delays
        self._end = end
        self._steps: deque[Frame] = deque(maxlen=max(delays) + 1)
        self._whole = -max(delays)
        """Number of the frame that the next step makes whole; there is none before the first."""
        self._all: int | None = None
        """How many frames there are, once that is known."""

    def take(self, tokens: torch.Tensor) -> Frame | None:
        codes: Frame = tokens.reshape(-1).tolist()
        if self._all is None and codes[0] == self._end:
            self._all = self._whole + max(self._delays)
        self._steps.append(codes)
        number, self._whole = self._whole, self._whole + 1
        self.is_over = self._all is not None and self._whole >= self._all
        if number < 0 or (self._all is not None and number >= self._all):
            return None
        return [self._steps[delay][book] for book, delay in enumerate(self._delays)]


def beginning(frames: torch.Tensor, delays: Sequence[int], begin: int) -> torch.Tensor:
    """The steps that say frames, and those after them in which some books are still at the frames: rows of codes."""
    rows = frames.new_full((1 + len(frames) + max(delays), len(delays)), FREE)
    for book, delay in enumerate(delays):
        rows[: 1 + delay, book] = begin
        rows[1 + delay : 1 + delay + len(frames), book] = frames[:, book]
    return rows


def ending(delays: Sequence[int], end: int, silence: int) -> torch.Tensor:
    """The steps from the end of the first book to that of the last."""
    import torch

    rows = torch.full((1 + max(delays), len(delays)), FREE)
    for book, delay in enumerate(delays):
        rows[delay, book] = end
        rows[delay + 1 :, book] = silence
    return rows
