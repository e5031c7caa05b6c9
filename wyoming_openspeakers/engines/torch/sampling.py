"""Chooses tokens by a chance of its own, which nothing else in the process can disturb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .family import library

if TYPE_CHECKING:
    import torch


class Sampler:
    """Adds noise to scores so that the highest of them is a sample: greedy search then samples.

    The library would draw from the chance that the whole process shares, and which other models use meanwhile.
    """

    def __init__(self, generator: torch.Generator, temperature: float, *, top_p: float = 1.0, top_k: int = 0) -> None:
        process = library("generation.logits_process")
        self._generator = generator
        self._steps: list[Any] = [process.TemperatureLogitsWarper(float(temperature))]
        if top_k:
            self._steps.append(process.TopKLogitsWarper(top_k))
        if top_p < 1:
            self._steps.append(process.TopPLogitsWarper(float(top_p)))

    def noisy(self, scores: torch.Tensor) -> torch.Tensor:
        """Scores of which the highest is a sample (Gumbel's trick)."""
        import torch

        for step in self._steps:
            scores = step(None, scores)
        noise = torch.empty_like(scores).exponential_(generator=self._generator)
        # What the steps have ruled out is infinitely unlikely, and stays so.
        return scores - noise.clamp_min(torch.finfo(noise.dtype).tiny).log()


def generator_of(device: torch.device, seed: int | None) -> torch.Generator:
    """A source of chance; another one each time without a seed."""
    import torch

    generator = torch.Generator(device)
    if seed is None:
        generator.seed()
    else:
        generator.manual_seed(seed)
    return generator
