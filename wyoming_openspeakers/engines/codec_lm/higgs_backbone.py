"""The half of Higgs' layers that sound goes through, which is built like a Llama."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


class SoundHalf:
    """Higgs as a decoder that is given words and sound once, and only sound from then on."""

    def __init__(self, model: Any) -> None:
        self.config = model.config
        self.norm = model.norm
        self.rotary_emb = model.rotary_emb
        self.layers = [
            SimpleNamespace(
                self_attn=layer.self_attn,
                mlp=layer.audio_mlp,
                input_layernorm=layer.audio_input_layernorm,
                post_attention_layernorm=layer.audio_post_attention_layernorm,
            )
            for layer in model.layers
        ]
        self._model = model
        self._prompt: dict[str, torch.Tensor] = {}

    @contextmanager
    def prompted(self, tokens: torch.Tensor, steps: torch.Tensor) -> Iterator[torch.Tensor]:
        """Begin with this prompt: tokens (1, tokens), and the steps (steps, codebooks) of the sound among them.

        Yields embeddings of as many tokens. The model makes its own: they do not say what is a word and what is sound.
        """
        import torch

        are_there = torch.ones(1, len(steps), dtype=torch.bool, device=steps.device)
        self._prompt = {"input_ids": tokens, "audio_input_ids": steps[None], "audio_input_ids_mask": are_there}
        try:
            yield self._model.embed_tokens(tokens)
        finally:
            self._prompt = {}

    def __call__(self, inputs_embeds: torch.Tensor, **options: Any) -> Any:
        """Run the whole model on the prompt."""
        return self._model(**self._prompt, **options)
