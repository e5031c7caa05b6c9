"""Dia's loop: one step says a code of each book.

The library's own draws from the chance of the whole process, drops the processors of whoever calls it, and does more
between two steps than a small model does in one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ..torch.family import library
from .dia_choice import DiaChoice
from .dia_delay import FREE, beginning, ending

if TYPE_CHECKING:
    import torch


class Listener(Protocol):
    """Who is told what is said: a streamer of the transformers library."""

    def put(self, tokens: torch.Tensor) -> None:
        """Take the codes of a step; the first that come are what was said before."""

    def end(self) -> None:
        """There are no more."""


def speak(
    model: Any, text: list[int], before: torch.Tensor, most: int, choice: DiaChoice, listener: Listener
) -> None:
    """Say a text, at most so many frames, going on from those `before`, whose words it begins with."""
    import torch

    config, delays = model.config.decoder_config, model.config.delay_pattern
    end, longest, device = config.eos_token_id, max(delays), model.logits_dense.weight.device
    # Without the text is with as many empty bytes.
    texts = torch.tensor([text, [0] * len(text)][: 1 + choice.is_guided], device=device)
    heard = model.model.encoder(input_ids=texts).last_hidden_state
    past = _cache(config)
    known = beginning(before, delays, config.bos_token_id).to(device)
    over = ending(delays, end, config.pad_token_id).to(device)
    said, known = known.split([1 + len(before), longest])
    listener.put(said)
    step, frames = 0, most
    while frames and step < frames + longest:
        hidden = model.model.decoder(
            input_ids=said.expand(len(texts), -1, -1),
            encoder_hidden_states=heard,
            past_key_values=past,
            use_cache=True,
        ).last_hidden_state[:, -1]
        said = choice(model.logits_dense(hidden).float().view(len(texts), len(delays), -1))[None]
        if step < longest:
            said = _unless_free(known[step], said)
        if step < frames and said[0, 0] == end:
            frames = step
        if step >= frames:
            said = _unless_free(over[step - frames], said)
        listener.put(said.cpu())
        step += 1
    listener.end()


def _unless_free(known: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    return chosen.where(known == FREE, known)


def _cache(config: Any) -> Any:
    """What the decoder remembers: of its own steps and of the text."""
    caches = library("cache_utils")
    return caches.EncoderDecoderCache(caches.DynamicCache(config=config), caches.DynamicCache(config=config))
