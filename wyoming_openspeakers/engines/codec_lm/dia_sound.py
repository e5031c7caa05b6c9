"""Dia's frames as sound while they come: a few more in each run of the codec, until a run is worth its start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..base import Samples
from ..torch.family import to_samples
from ..torch.transfer import there
from .dac import Dac
from .dac_stream import DacStream
from .frames import Frame

if TYPE_CHECKING:
    import torch


GRAIN = 4
"""Frames that are worth a run, once there is something to hear: a twentieth of a second."""


class DiaSound:
    """The sound of one piece of text."""

    def __init__(self, codec: Dac, device: torch.device) -> None:
        self.ahead = codec.reach
        self.seconds = codec.samples / codec.rate
        self._module = codec.module
        self._stream = DacStream(codec.module.decoder)
        self._device = device
        self._waiting: list[Frame] = []
        self._least = 1
        """Frames of the next run: each may take a little longer than the one before, which still plays."""

    def push(self, frames: list[Frame]) -> Samples:
        """The sound that is known with these frames, or nothing while there are few."""
        self._waiting += frames
        if len(self._waiting) < self._least:
            return np.zeros(0, np.float32)
        self._least = min(self._least + 1, GRAIN)
        return self._said(is_last=False)

    def finish(self, frames: list[Frame]) -> Samples:
        """The rest of the sound, with the last frames."""
        self._waiting += frames
        return self._said(is_last=True)

    def _said(self, *, is_last: bool) -> Samples:
        if self._waiting:
            codes = there(self._waiting, self._device).T[None]
            x = self._module.quantizer.from_codes(codes)[0]
            self._waiting = []
        else:
            inner = self._module.decoder.conv1
            x = inner.weight.new_zeros(1, inner.in_channels, 0)
        return to_samples(self._stream.push(x, is_last))
