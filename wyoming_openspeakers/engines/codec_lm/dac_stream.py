"""Decodes DAC's frames as they come: exactly what it would make of all at once, a ninth of a second behind.

Its convolutions look ahead as far as back. Each of them keeps what it was given last, and says no more than what does
not depend on what is to come; so nothing is computed twice, however small the chunks are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..base import Samples
from ..torch.family import to_samples
from .dac import Dac
from .frames import Frame

if TYPE_CHECKING:
    import torch


GRAIN = 4
"""Frames that are worth a run, once there is something to hear: a twentieth of a second."""


class DacStream:
    """The sound of one piece of text."""

    def __init__(self, codec: Dac, device: torch.device) -> None:
        self.ahead = codec.reach
        self.seconds = codec.samples / codec.rate
        self._quantizer = codec.module.quantizer
        self._decoder = codec.module.decoder
        self._device = device
        self._before: dict[Any, torch.Tensor] = {}
        """What each part was given last, as much of it as what comes next depends on."""
        self._is_last = False
        self._waiting: list[Frame] = []
        self._least = 1
        """Frames of the next run: each may take a little longer than the one before, which still plays."""

    def push(self, frames: list[Frame]) -> Samples:
        """The sound that is known with these frames, or nothing while there are few."""
        self._waiting += frames
        if len(self._waiting) < self._least:
            return np.zeros(0, np.float32)
        self._least = min(self._least + 1, GRAIN)
        return self._said()

    def finish(self, frames: list[Frame]) -> Samples:
        """The rest of the sound, with the last frames."""
        self._waiting += frames
        if not self._waiting and not self._before:
            return np.zeros(0, np.float32)
        self._is_last = True
        return self._said()

    def _said(self) -> Samples:
        import torch

        if self._waiting:
            codes = torch.tensor(self._waiting, device=self._device).T[None]
            x = self._quantizer.from_codes(codes)[0]
            self._waiting = []
        else:
            inner = self._decoder.conv1
            x = inner.weight.new_zeros(1, inner.in_channels, 0)
        return to_samples(self._through(x))

    def _through(self, x: torch.Tensor) -> torch.Tensor:
        x = self._convolved(self._decoder.conv1, x)
        for block in self._decoder.block:
            x = self._lengthened(block.conv_t1, _called(block.snake1, x))
            for unit in (block.res_unit1, block.res_unit2, block.res_unit3):
                x = self._mixed(unit, x)
        return self._convolved(self._decoder.conv2, _called(self._decoder.snake1, x)).tanh()

    def _mixed(self, unit: Any, x: torch.Tensor) -> torch.Tensor:
        """A part that adds something to what it is given: as much as it knows."""
        waiting = self._joined(unit, x)
        added = _called(unit.conv2, _called(unit.snake2, self._convolved(unit.conv1, _called(unit.snake1, x))))
        count = added.shape[-1]
        self._before[unit] = waiting[..., count:]
        return waiting[..., :count] + added

    def _convolved(self, conv: Any, x: torch.Tensor) -> torch.Tensor:
        """A convolution of what comes with what came before it; before and after everything is silence."""
        import torch

        half = (conv.kernel_size[0] - 1) * conv.dilation[0] // 2
        silence = x.new_zeros(1, x.shape[1], half)
        if conv not in self._before:
            self._before[conv] = silence
        x = torch.cat([self._before[conv], x, *([silence] if self._is_last else [])], dim=-1)
        self._before[conv] = x[..., -2 * half :]
        if x.shape[-1] <= 2 * half:
            return x.new_zeros(1, conv.out_channels, 0)
        return torch.nn.functional.conv1d(x, conv.weight, conv.bias, dilation=conv.dilation)

    def _lengthened(self, conv: Any, x: torch.Tensor) -> torch.Tensor:
        """Longer by a convolution in which each step makes sound up to the next but one."""
        import torch

        stride, padding = conv.stride[0], conv.padding[0]
        if not x.shape[-1] and not self._is_last:
            return x.new_zeros(1, conv.out_channels, 0)
        begin = stride if conv in self._before else stride + padding
        if conv not in self._before:
            self._before[conv] = x.new_zeros(1, conv.in_channels, 1)
        x = self._joined(conv, x)
        self._before[conv] = x[..., -1:]
        end = x.shape[-1] * stride + (stride - padding if self._is_last else 0)
        return torch.nn.functional.conv_transpose1d(x, conv.weight, conv.bias, conv.stride)[..., begin:end]

    def _joined(self, part: Any, x: torch.Tensor) -> torch.Tensor:
        import torch

        return torch.cat([self._before[part], x], dim=-1) if part in self._before else x


def _called(module: Any, x: torch.Tensor) -> torch.Tensor:
    """What a part makes of something; of nothing it makes nothing."""
    after: torch.Tensor = module(x) if x.shape[-1] else x
    return after
