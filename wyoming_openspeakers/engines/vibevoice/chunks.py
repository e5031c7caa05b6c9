"""Sound of latents, frame by frame as they come, and what the language model hears of it.

Neither looks ahead: what they make of frames one by one is exactly what they would make of all at once.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .sound import Past, Sound

if TYPE_CHECKING:
    import torch


class ChunkCodec:
    """The acoustic decoder and the semantic encoder of a VibeVoice, with what they remember of a piece of text."""

    def __init__(self, inner: Any) -> None:
        self._tower = inner.audio_tower
        self._sound = Sound(self._tower.decoder)
        self._listener = inner.semantic_tokenizer_encoder
        # Read once: as parameters they would have to be on the device, and belong to no part that is called.
        self._scale = float(inner.latent_scaling_factor)
        self._bias = float(inner.latent_bias_factor)
        self._dtype = next(self._tower.parameters()).dtype
        self.hop = math.prod(self._tower.config.downsampling_ratios)
        """Samples of a frame."""
        self._heard = Past()

    def begin(self) -> None:
        """Forget what was said: before everything is silence. The memory stays where it is."""
        self._sound.begin()
        self._heard.silence()

    def forget(self) -> None:
        """Give the memory back."""
        self._sound.forget()
        self._heard.forget()

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """The sound of the next latent [1, numbers]: as many samples as a frame has."""
        return self._sound.of((latent / self._scale - self._bias).to(self._dtype))

    def listen(self, sound: torch.Tensor) -> torch.Tensor:
        """What is heard in the next sound: [1, 1, features]."""
        heard: torch.Tensor = self._listener(sound[None, None], padding_cache=self._heard, use_cache=True).latents
        return heard

    def encode(self, sound: torch.Tensor) -> torch.Tensor:
        """The latents of a whole recording: [frames, numbers]. Without the noise of training, so always the same."""
        padded = sound.new_zeros(-(-sound.shape[0] // self.hop) * self.hop)
        padded[: sound.shape[0]] = sound
        latents = self._tower.encoder(padded[None, None].to(self._dtype)).latents[0]
        scaled: torch.Tensor = (latents + self._bias) * self._scale
        return scaled
