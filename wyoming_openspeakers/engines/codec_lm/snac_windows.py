"""Decodes SNAC's frames as they come, each chunk with the frames around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..base import Samples
from ..torch.family import to_samples
from ..torch.transfer import there
from .frames import Frame
from .snac import Snac

if TYPE_CHECKING:
    import torch


class SnacWindows:
    """The sound of one piece of text. It keeps no more frames than the next ones depend on.

    It waits for all frames that a frame's sound depends on. With one less it is heard a twelfth of a second earlier,
    but how it sounds then depends on where it is cut.
    """

    def __init__(self, codec: Snac, generator: torch.Generator, ahead: int | None = None) -> None:
        self.ahead = codec.reach if ahead is None else ahead
        self.seconds = codec.samples / codec.rate
        self._codec = codec
        self._generator = generator
        self._frames: list[Frame] = []
        self._noise: list[torch.Tensor] = []
        self._said = 0
        """Of the frames that are kept, those that have been made sound of."""

    def push(self, frames: list[Frame]) -> Samples:
        """The sound of all but the last frames."""
        self._add(frames)
        return self._sound(len(self._frames) - self.ahead)

    def finish(self, frames: list[Frame]) -> Samples:
        """The sound of the last frames."""
        self._add(frames)
        return self._sound(len(self._frames))

    def _add(self, frames: list[Frame]) -> None:
        import torch

        width = sum(self._codec.noises)
        for frame in frames:
            self._frames.append(frame)
            # Drawn frame by frame, or else it would depend on how many come at once.
            self._noise.append(torch.randn(width, generator=self._generator, device=self._generator.device))

    def _sound(self, until: int) -> Samples:
        import torch

        if until <= self._said:
            return np.zeros(0, np.float32)
        codes = there(self._frames, self._generator.device)
        sound = self._codec.decode(codes, torch.stack(self._noise))
        samples = to_samples(sound[self._said * self._codec.samples : until * self._codec.samples])
        gone = max(0, until - self._codec.reach)
        del self._frames[:gone], self._noise[:gone]
        self._said = until - gone
        return samples
