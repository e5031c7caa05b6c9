"""Pocket-TTS' model as it hears and speaks: a step of its transformer for each frame, with a chance of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..torch.family import library
from ..torch.graphs import Graphs, capture_on
from ..torch.steps import Steps
from .backbone import Backbone
from .head import FlowHead
from .voices import Heard

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Manner:
    """How it speaks."""

    temperature: float
    steps: int
    """From chance to a frame."""

    threshold: float
    """Above which it is done."""

    least: int
    """Frames before it can be done."""

    tail: int
    """Frames after it is done."""

    most: int
    """Frames altogether."""


class Flow:
    """What the library's `generate` does, frame by frame."""

    def __init__(self, model: Any, device: torch.device, *, graphs: Graphs | None = None) -> None:
        """Take where the model is when it is used."""
        self._model = model
        self._device = device
        self._latent = int(model.config.latent_dim)
        graphs = graphs or Graphs(capture_on(device))
        self._backbone = Backbone(model.model, graphs)
        self._head = FlowHead(model, graphs)

    @property
    def gate(self) -> Any:
        """What is called before each layer of each frame, where no graph is captured."""
        return self._backbone.gate

    def rest(self) -> None:
        """Give back what can be made again: nothing is said for a while, or the weights move."""
        self._backbone.rest()
        self._head.rest()

    def hear(self, ids: Sequence[int], latents: torch.Tensor) -> Heard:
        """What the layers keep of a voice; `ids` has as many places for latents as there are."""
        import torch

        cache = self._cache(None)
        self._model.model(
            input_ids=torch.tensor([ids], device=self._device),
            audio_prompt_latents=latents[None].to(self._device),
            past_key_values=cache,
            use_cache=True,
        )
        # Elsewhere it would stay when the model's weights leave the GPU.
        return Heard([(layer.keys.cpu(), layer.values.cpu()) for layer in cache.layers])

    def frames(
        self, ids: Sequence[int], heard: Heard | None, manner: Manner, generator: torch.Generator
    ) -> Iterator[torch.Tensor]:
        """Latents for the codec, of shape (1, n), until it is done."""
        import torch

        model = self._model
        steps = self._begin(ids, heard, manner.most)
        loud = math.sqrt(manner.temperature)
        latent: torch.Tensor | None = None
        left: int | None = None
        for number in range(manner.most):
            if latent is not None:
                steps.step(latent)
            state = steps.state
            noise = torch.randn((1, self._latent), generator=generator, device=self._device, dtype=state.dtype) * loud
            latent = self._head.latent(state, noise, manner.steps)
            yield model.denormalize_latents(latent)
            if left is None and number >= manner.least and float(model.eos_head(state)) > manner.threshold:
                left = manner.tail + 1
            if left is not None:
                left -= 1
                if not left:
                    return

    def _begin(self, ids: Sequence[int], heard: Heard | None, most: int) -> Steps:
        """Steps from the state of which the first frame is made."""
        import torch

        past = self._cache(heard)
        prompt = torch.tensor([ids], device=self._device)
        states: torch.Tensor = self._model.model(input_ids=prompt, past_key_values=past, use_cache=True)[0]
        return self._backbone.begin(past, states[:, -1], most)

    def _cache(self, heard: Heard | None) -> Any:
        caches = library("cache_utils")
        if heard is None:
            return caches.DynamicCache(config=self._model.config)
        # It is added to by making another one, so that what was heard stays as it is.
        return caches.DynamicCache([(keys.to(self._device), values.to(self._device)) for keys, values in heard.layers])
