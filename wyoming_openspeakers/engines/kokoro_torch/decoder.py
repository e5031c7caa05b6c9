"""Makes sound of phonemes, pitch and loudness, by way of a short-time spectrum (ISTFTNet)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .layers import Part
from .source import excitation
from .styled import residual, snaked

if TYPE_CHECKING:
    import torch

OF_THE_SOURCE = (1, 3, 5)
"""Dilations of the blocks that the voice's source goes through."""


class Decoder:
    """The sound of frames."""

    def __init__(self, part: Part, config: Mapping[str, Any]) -> None:
        """Take the section `istftnet` of the model's config.json."""
        self._part = part
        self._generator = part.at("generator")
        self._rates: tuple[int, ...] = tuple(config["upsample_rates"])
        self._dilations: list[list[int]] = config["resblock_dilation_sizes"]
        self._size = int(config["gen_istft_n_fft"])
        self._hop = int(config["gen_istft_hop_size"])

    def sound(
        self,
        spoken: torch.Tensor,
        pitch: torch.Tensor,
        loudness: torch.Tensor,
        style: torch.Tensor,
        generator: torch.Generator,
    ) -> torch.Tensor:
        """Samples; `spoken` are frames, of each of which there are two of pitch and of loudness."""
        import torch

        curves = [
            self._part.at(name).convolved(curve, stride=2, padding=1)
            for name, curve in (("F0_conv", pitch), ("N_conv", loudness))
        ]
        x = residual(self._part.at("encode"), torch.cat([spoken, *curves], dim=1), style)
        reminder = self._part.at("asr_res", 0).convolved(spoken)
        for block in self._part.each("decode"):
            x = residual(block, torch.cat([x, reminder, *curves], dim=1), style)
        return self._generated(x, pitch, style, generator)

    def _generated(
        self, x: torch.Tensor, pitch: torch.Tensor, style: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        from torch.nn import functional

        hop = math.prod(self._rates) * self._hop
        source = self._analysed(excitation(self._generator.at("m_source"), pitch, hop, generator))
        blocks = list(self._generator.each("resblocks"))
        for number, rate in enumerate(self._rates):
            x = functional.leaky_relu(x, 0.1)
            longer = self._generator.at("ups", number)
            x = longer.convolved_longer(x, stride=rate, padding=(longer["weight"].shape[-1] - rate) // 2)
            if number == len(self._rates) - 1:
                x = functional.pad(x, (1, 0), mode="reflect")
            x = x + self._formed(number, source, style)
            count = len(self._dilations)
            alike = zip(blocks[number * count : (number + 1) * count], self._dilations, strict=True)
            x = sum(snaked(block, x, style, dilations) for block, dilations in alike) / count
        x = self._generator.at("conv_post").convolved_alike(functional.leaky_relu(x))
        return self._synthesised(x)

    def _formed(self, number: int, source: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """The source at the rate of a step up."""
        step = math.prod(self._rates[number + 1 :])
        is_last = number == len(self._rates) - 1
        padding = 0 if is_last else (step + 1) // 2
        x = self._generator.at("noise_convs", number).convolved(source, stride=step, padding=padding)
        return snaked(self._generator.at("noise_res", number), x, style, OF_THE_SOURCE)

    def _analysed(self, samples: torch.Tensor) -> torch.Tensor:
        """Magnitudes and phases."""
        import torch

        spectrum = torch.stft(samples, self._size, self._hop, window=self._window(samples), return_complex=True)
        return torch.cat([spectrum.abs(), spectrum.angle()], dim=1)

    def _synthesised(self, x: torch.Tensor) -> torch.Tensor:
        import torch

        bands = self._size // 2 + 1
        spectrum = torch.polar(x[:, :bands].exp(), x[:, bands:].sin())
        return torch.istft(spectrum, self._size, self._hop, window=self._window(x))

    def _window(self, like: torch.Tensor) -> torch.Tensor:
        import torch

        return torch.hann_window(self._size, device=like.device, dtype=like.dtype)
