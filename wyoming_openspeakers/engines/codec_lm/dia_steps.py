"""Dia's loop: one step says a code of each book.

The library's own draws from the chance of the whole process, drops the processors of whoever calls it, and does more
between two steps than a small model does in one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ..torch.decoding_tokens import tokens_of
from .dia_choice import DiaChoice
from .dia_decoder import DiaDecoder
from .dia_delay import Delayed, beginning

if TYPE_CHECKING:
    import torch


class Listener(Protocol):
    """Who is told what is said: a streamer of the transformers library."""

    def put(self, tokens: torch.Tensor) -> None:
        """Take the codes of a step; the first that come are what was said before."""

    def end(self) -> None:
        """There are no more."""


def speak(
    model: Any,
    decoder: DiaDecoder,
    text: list[int],
    before: torch.Tensor,
    most: int,
    choice: DiaChoice,
    listener: Listener,
) -> None:
    """Say a text, at most so many frames, going on from those `before`, whose words it begins with.

    `decoder` is the model's.
    """
    import torch

    config, delays = model.config.decoder_config, model.config.delay_pattern
    end, longest = config.eos_token_id, max(delays)
    # Without the text is with as many empty bytes.
    texts = torch.tensor([text, [0] * len(text)][: 1 + choice.is_guided], device=decoder.device)
    heard = model.model.encoder(input_ids=texts).last_hidden_state
    known = beginning(before, delays, config.bos_token_id).to(decoder.device)
    said, known = known.split([1 + len(before), longest])
    delayed = Delayed(known, delays, end, config.pad_token_id, most)
    listener.put(said.cpu())

    def choose(_: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        scores = model.logits_dense(states).float().view(len(texts), len(delays), -1)
        return delayed(choice(scores))

    frames = most
    with decoder.sequence(said[None], heard, most + longest - 1) as sequence:
        steps = tokens_of(
            sequence,
            most + longest,
            choose,
            lambda codes: model.model.decoder.embeddings(codes[None]),
            len(delays),
        )
        for step, codes in enumerate(steps):
            listener.put(codes)
            if step < frames and codes[0, 0] == end:
                frames = step
            if not frames or step + 1 == frames + longest:
                break
    listener.end()
