"""What the author's own loop says: a plain reading of it, on the library's modules, caches, head and codec.

It goes through the layers with and without the text one after another, and works out everything anew at every step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wyoming_openspeakers.engines.base import Samples
from wyoming_openspeakers.engines.torch.dpm_solver import steps_of
from wyoming_openspeakers.engines.vibevoice.realtime.parts import Parts
from wyoming_openspeakers.engines.vibevoice.realtime.prompt import Prompt

if TYPE_CHECKING:
    import torch


def say(
    parts: Parts, prompt: Prompt, words: torch.Tensor, noises: torch.Tensor, steps: int, guidance: float
) -> tuple[Samples, list[float]]:
    """The samples of all frames, and after each how sure it is of the end."""
    import torch

    read, spoken, free = [
        _cache_of(model, past)
        for model, past in ((parts.text, prompt.text), (parts.speech, prompt.speech), (parts.speech, prompt.free))
    ]
    away = prompt.free_last.float()[None]
    windows = list(words.split(5))
    chunks, ends = [], []
    towards = away
    sound_cache = None
    for number, noise in enumerate(noises):
        if number % 6 == 0 and windows:
            seen = parts.text(input_ids=windows.pop(0)[None], past_key_values=read).last_hidden_state
            towards = parts.speech(
                inputs_embeds=seen + parts.kinds(torch.ones(1, 1, dtype=torch.long)), past_key_values=spoken
            ).last_hidden_state[:, -1]
        latent = _drawn(parts.head, towards, away, noise[None], steps, guidance)
        made = parts.decoder(parts.to_codec(latent)[..., None], padding_cache=sound_cache, use_cache=True)
        sound_cache = made.padding_cache
        chunks.append(made.audio.reshape(-1).numpy())
        heard = parts.connector(latent)[:, None] + parts.kinds(torch.zeros(1, 1, dtype=torch.long))
        towards = parts.speech(inputs_embeds=heard, past_key_values=spoken).last_hidden_state[:, -1]
        away = parts.speech(inputs_embeds=heard, past_key_values=free).last_hidden_state[:, -1]
        ends.append(float(parts.end(towards)))
    return np.concatenate(chunks), ends


def _cache_of(model: Any, past: torch.Tensor) -> Any:
    from transformers.cache_utils import DynamicCache

    cache = DynamicCache(config=model.config)
    for layer, (keys, values) in enumerate(past.float()):
        cache.update(keys[None], values[None], layer)
    return cache


def _drawn(
    head: Any, towards: torch.Tensor, away: torch.Tensor, noise: torch.Tensor, steps: int, guidance: float
) -> torch.Tensor:
    import torch

    sample, before = noise, None
    for step in steps_of(steps):
        time = torch.full((2,), float(step.time))
        conditioned, unconditioned = head(sample.expand(2, -1), time, torch.cat([towards, away])).split(1)
        clean = step.clean(sample, unconditioned + guidance * (conditioned - unconditioned))
        sample, before = step.next(sample, clean, before), clean
    return sample
