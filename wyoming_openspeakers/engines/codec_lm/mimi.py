"""Decodes Mimi's frames as they come: exactly what it would make of all at once, since it never looks ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..base import Samples
from ..torch.family import library, to_samples
from ..torch.transfer import there
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
        self.seconds = 1 / float(codec.config.frame_rate)
        """How long a frame plays."""
        self.quantizer = codec.quantizer
        self.upsample = holder.upsample
        self.transformer = holder.decoder_transformer
        self.convolutions = inner.decoder_seanet if is_whole else inner


class MimiStream:
    """The sound of one piece of text."""

    ahead = 0

    def __init__(self, parts: MimiParts) -> None:
        self.seconds = parts.seconds
        self._parts = parts
        self._past = library("cache_utils").DynamicCache(config=parts.transformer.config)
        self._before: dict[Any, torch.Tensor] = {}
        """What each convolution was given last, as much of it as what comes next depends on."""

    def push(self, frames: list[Frame]) -> Samples:
        """The sound of these frames."""
        codes = there(frames, next(self._parts.convolutions.parameters()).device).T[None]
        return self._sound(self._parts.quantizer.decode(codes))

    def finish(self, frames: list[Frame]) -> Samples:
        """The sound of the last frames."""
        return self.push(frames) if frames else np.zeros(0, np.float32)

    def _sound(self, x: torch.Tensor) -> Samples:
        parts = self._parts
        if parts.upsample is not None:
            x = self._convolved(parts.upsample, x)
        steps = parts.transformer(x.transpose(1, 2), past_key_values=self._past, use_cache=True)
        x = steps.last_hidden_state.transpose(1, 2)
        for module in parts.convolutions.layers:
            x = self._through(module, x)
        return to_samples(x)

    def _through(self, module: Any, x: torch.Tensor) -> torch.Tensor:
        if hasattr(module, "block"):
            mixed = x
            for inner in module.block:
                mixed = self._through(inner, mixed)
            return self._through(module.shortcut, x) + mixed
        if hasattr(module, "conv"):
            return self._convolved(module, x)
        after: torch.Tensor = module(x)
        return after

    def _convolved(self, module: Any, x: torch.Tensor) -> torch.Tensor:
        """A convolution of what comes with what came before it; before everything is silence."""
        import torch

        conv = module.conv
        is_longer = isinstance(conv, torch.nn.ConvTranspose1d)
        (kernel,), (stride,), (dilation,) = conv.kernel_size, conv.stride, conv.dilation
        reach = -(-kernel // stride) - 1 if is_longer else (kernel - 1) * dilation
        count = x.shape[-1]
        if reach:
            before = self._before.get(module)
            if before is None:
                before = x.new_zeros(*x.shape[:-1], reach)
            x = torch.cat([before, x], dim=-1)
            self._before[module] = x[..., -reach:]
        after: torch.Tensor = conv(x)
        return after[..., reach * stride : (reach + count) * stride] if is_longer else after
