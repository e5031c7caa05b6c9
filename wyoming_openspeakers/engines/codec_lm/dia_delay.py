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


class Delayed:
    """Puts what is known of steps in the place of what was chosen: the beginnings and the ends of all books.

    It works where the model does, and does not wait for it: when the first book is at its end is known there.
    """

    def __init__(self, known: torch.Tensor, delays: Sequence[int], end: int, silence: int, most: int) -> None:
        """`known` are the first steps; `most` steps may come before the end."""
        import torch

        free = torch.full((1, len(delays)), FREE)
        self._known = known
        self._over = torch.cat([free, ending(delays, end, silence)]).to(known.device)
        """What is known of a step before the end, of the one at the end, and of those after it."""
        self._ended = torch.full((1,), most, device=known.device)
        """The step at the end, as far as that is known."""
        self._end = end
        self._step = 0

    def __call__(self, chosen: torch.Tensor) -> torch.Tensor:
        """The codes (books) of the next step; `chosen` are those that the model would say."""
        step, self._step = self._step, self._step + 1
        if step < len(self._known):
            chosen = _unless_free(self._known[step], chosen)
        self._ended = self._ended.where((self._ended <= step) | (chosen[0] != self._end), step)
        late = (step + 1 - self._ended).clamp(0, len(self._over) - 1)
        return _unless_free(self._over[late][0], chosen)


def _unless_free(known: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    return chosen.where(known == FREE, known)
