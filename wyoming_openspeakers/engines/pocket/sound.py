"""Makes sound of latents as they come: exactly what the codec would make of all at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base import Samples
from ..codec_lm.mimi import MimiStream

if TYPE_CHECKING:
    import torch


class LatentParts:
    """The parts of the codec that make sound: a Mimi's, with a projection in place of its code books."""

    def __init__(self, codec: Any) -> None:
        decoder = codec.decoder
        self.seconds = 1 / float(codec.config.frame_rate)
        """How long a frame plays."""
        self.projection = codec.latent_proj
        self.upsample = decoder.upsample
        self.transformer = decoder.decoder_transformer
        self.convolutions = decoder.decoder_seanet


class LatentStream(MimiStream):
    """The sound of one piece of text, which fades in."""

    def __init__(self, parts: Any, fade: int) -> None:
        """Take the number of samples that fade in."""
        super().__init__(parts)
        self._fade = fade

    def sound(self, latents: Sequence[torch.Tensor]) -> Samples:
        """The sound of the next frames, each of shape (1, n)."""
        import torch

        parts: Any = self._parts
        return self._faded(self._sound(parts.projection(torch.cat(list(latents))[None].transpose(1, 2))))

    def _faded(self, samples: Samples) -> Samples:
        count, self._fade = min(self._fade, samples.size), 0
        samples[:count] *= np.linspace(0, 1, count, dtype=np.float32)
        return samples
