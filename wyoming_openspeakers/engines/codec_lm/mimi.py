"""Decodes Mimi's frames as they come: exactly what it would make of all at once, since it never looks ahead."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base import Samples
from ..transformers.family import library, to_samples
from .frames import Frame

if TYPE_CHECKING:
    import torch


class MimiParts:
    """The parts of a Mimi that make sound, wherever the version of the library keeps them."""

    def __init__(self, codec: Any) -> None:
        # The decoder of newer versions is all of these, that of older ones is only the convolutions.
        inner = codec.decoder
        is_whole = hasattr(inner, "decoder_seanet")
        holder = inner if is_whole else codec
        self.quantizer = codec.quantizer
        self.upsample = holder.upsample
        self.transformer = holder.decoder_transformer
        self.convolutions = inner.decoder_seanet if is_whole else inner
        self.steps = 1 if self.upsample is None else int(self.upsample.conv.stride[0])
        """Steps of the transformer for a frame."""
        self.reach = _reach(self.convolutions)
        """Steps before its own that a step's sound depends on, after the transformer."""


class MimiStream:
    """The sound of one piece of text."""

    ahead = 0

    def __init__(self, parts: MimiParts) -> None:
        self._parts = parts
        self._past = library("cache_utils").DynamicCache(config=parts.transformer.config)
        self._latent: torch.Tensor | None = None
        """That of the frame before."""
        self._steps: torch.Tensor | None = None
        """The last ones that the transformer made, as many as the next depend on."""

    def push(self, frames: list[Frame]) -> Samples:
        """The sound of these frames."""
        import torch

        parts = self._parts
        # On whatever device it is by now.
        device = next(parts.convolutions.parameters()).device
        codes = torch.tensor(frames, device=device).T[None]
        steps = parts.transformer(
            self._upsampled(parts.quantizer.decode(codes)).transpose(1, 2), past_key_values=self._past, use_cache=True
        ).last_hidden_state.transpose(1, 2)
        known = 0 if self._steps is None else self._steps.shape[-1]
        all_steps = steps if self._steps is None else torch.cat([self._steps, steps], dim=-1)
        sound = parts.convolutions(all_steps)
        self._steps = all_steps[..., -parts.reach :]
        return to_samples(sound[..., sound.shape[-1] // all_steps.shape[-1] * known :])

    def finish(self, frames: list[Frame]) -> Samples:
        """The sound of the last frames."""
        return self.push(frames) if frames else np.zeros(0, np.float32)

    def _upsampled(self, latents: torch.Tensor) -> torch.Tensor:
        import torch

        parts = self._parts
        if parts.upsample is None:
            return latents
        before, self._latent = self._latent, latents[..., -1:]
        if before is None:
            steps: torch.Tensor = parts.upsample(latents)
            return steps
        # A step up reaches over to the next frame, no further.
        steps = parts.upsample(torch.cat([before, latents], dim=-1))
        return steps[..., parts.steps :]


def _reach(convolutions: Any) -> int:
    from torch import nn

    reach, rate = 0.0, 1
    for module in convolutions.modules():
        if isinstance(module, nn.ConvTranspose1d):
            reach += math.ceil(module.kernel_size[0] / module.stride[0] - 1) / rate
            rate *= module.stride[0]
        elif isinstance(module, nn.Conv1d):
            reach += (module.kernel_size[0] - 1) * module.dilation[0] / rate
    return math.ceil(reach)
