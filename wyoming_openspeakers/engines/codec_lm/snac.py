"""SNAC's decoder: sound of codes at three rates.

The author's package decodes too, but brings the encoder, and draws its noise from the chance that the whole process
shares. Here whoever decodes says which noise a frame has, so that it is the same however the frames are cut.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

DILATIONS = (1, 3, 9)
KERNEL = 7
HALF = KERNEL // 2


class Snac:
    """A SNAC without its encoder and without attention, which the one for 24 kHz has not."""

    def __init__(self, config: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]) -> None:
        """Take the weights by the names that they have in the author's files."""
        from torch import nn

        self.rate = int(config["sampling_rate"])
        self.strides: tuple[int, ...] = tuple(config["vq_strides"])
        self._rates: tuple[int, ...] = tuple(config["decoder_rates"])
        self._is_depthwise = bool(config.get("depthwise", True))
        self._has_noise = bool(config.get("noise", True))
        self._weights = {name: nn.Parameter(tensor, requires_grad=False) for name, tensor in tensors.items()}
        self.module = nn.ParameterList(self._weights.values())
        """All weights, to be moved together."""
        self.noises = [self.strides[0] * longer for longer in accumulate(self._rates, lambda one, other: one * other)]
        """Numbers of noise for a frame, by step up."""
        self.samples = self.noises[-1]
        """Samples of a frame."""
        self.reach = math.ceil(_reach(self._rates) / self.strides[0])
        """Frames on each side that a frame's sound depends on."""

    @property
    def codes_of_frame(self) -> list[int]:
        """How many codes a frame has, by rate."""
        return [self.strides[0] // stride for stride in self.strides]

    @property
    def device(self) -> torch.device:
        """Where the weights are now."""
        return next(iter(self._weights.values())).device

    def decode(self, codes: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """The sound of frames: a row of codes, the slowest rate first, and a row of noise for each."""
        x = self._meaning(codes)
        noises = iter(noise.split(self.noises, dim=1))
        x = self._convolved("decoder.model.0", x, padding=HALF, groups=x.shape[1] if self._is_depthwise else 1)
        if self._is_depthwise:
            x = self._convolved("decoder.model.1", x)
        first = 2 if self._is_depthwise else 1
        for place, rate in enumerate(self._rates, first):
            x = self._longer(f"decoder.model.{place}.block", x, rate, next(noises).reshape(1, 1, -1))
        last = first + len(self._rates)
        x = self._snake(f"decoder.model.{last}", x)
        return self._convolved(f"decoder.model.{last + 1}", x, padding=HALF).tanh().reshape(-1)

    def _meaning(self, codes: torch.Tensor) -> Any:
        from torch.nn.functional import embedding

        x: Any = 0
        for number, part in enumerate(codes.split(self.codes_of_frame, dim=1)):
            name = f"quantizer.quantizers.{number}"
            meaning = embedding(part.reshape(1, -1), self._weights[f"{name}.codebook.weight"]).transpose(1, 2)
            x = x + self._convolved(f"{name}.out_proj", meaning).repeat_interleave(self.strides[number], dim=-1)
        return x

    def _longer(self, name: str, x: torch.Tensor, rate: int, noise: torch.Tensor) -> torch.Tensor:
        import torch

        x = torch.nn.functional.conv_transpose1d(
            self._snake(f"{name}.0", x),
            self._weights[f"{name}.1.weight"],
            self._weights[f"{name}.1.bias"],
            rate,
            padding=math.ceil(rate / 2),
            output_padding=rate % 2,
        )
        if self._has_noise:
            x = torch.addcmul(x, noise, self._convolved(f"{name}.2.linear", x))
        groups = x.shape[1] if self._is_depthwise else 1
        for place, dilation in enumerate(DILATIONS, 3 if self._has_noise else 2):
            unit = f"{name}.{place}.block"
            mixed = self._snake(f"{unit}.0", x)
            mixed = self._convolved(f"{unit}.1", mixed, padding=HALF * dilation, dilation=dilation, groups=groups)
            x = x + self._convolved(f"{unit}.3", self._snake(f"{unit}.2", mixed))
        return x

    def _convolved(self, name: str, x: torch.Tensor, **options: int) -> torch.Tensor:
        from torch.nn.functional import conv1d

        return conv1d(x, self._weights[f"{name}.weight"], self._weights.get(f"{name}.bias"), **options)

    def _snake(self, name: str, x: torch.Tensor) -> torch.Tensor:
        alpha = self._weights[f"{name}.alpha"]
        return x + (alpha * x).sin().square() / (alpha + 1e-9)


def _reach(rates: tuple[int, ...]) -> float:
    """How far the decoder looks to each side, in its own steps before the first of them."""
    reach, rate = float(HALF), 1
    for step in rates:
        reach += 1 / rate
        rate *= step
        reach += sum(DILATIONS) * HALF / rate
    return reach + HALF / rate
