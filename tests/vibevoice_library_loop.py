"""What a VibeVoice of the transformers library says in the library's own loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from vibevoice_requests import HOP

from wyoming_openspeakers.engines.base import Reference, Samples
from wyoming_openspeakers.engines.torch.dpm_solver import Step, steps_of
from wyoming_openspeakers.engines.vibevoice.long import VibeVoiceFamily
from wyoming_openspeakers.engines.vibevoice.prompt import Turn
from wyoming_openspeakers.engines.vibevoice.prompt_voices import Loudness, listen

if TYPE_CHECKING:
    import torch


def say(model: VibeVoiceFamily, text: str, reference: Reference, most: int) -> tuple[Samples, list[int]]:
    """The samples, by the chance that all of the process share, and in which tokens they were said."""
    import torch

    samples = Loudness()(listen(reference, 24_000))
    padded = np.pad(samples, (0, -samples.size % HOP))
    before, after = model._writer.voices([0])
    ids = [*before, *[0] * (padded.size // HOP), *after, *model._writer.script([Turn(0, text)])]
    made = model._model.generate(
        input_ids=torch.tensor([ids]),
        attention_mask=torch.ones(1, len(ids), dtype=torch.long),
        input_values=torch.from_numpy(padded)[None, None],
        padding_mask=torch.ones(1, padded.size, dtype=torch.bool),
        sample=False,
        noise_scheduler=Scheduler(),
        max_new_tokens=most,
        return_dict_in_generate=True,
    )
    sound = made.audio[0]
    said: list[int] = made.sequences[0, len(ids) :].tolist()
    return np.zeros(0, np.float32) if sound is None else sound.reshape(-1).numpy(), said


class Scheduler:
    """What the library wants to be given by another package."""

    timesteps: torch.Tensor | tuple[()] = ()
    _steps: Iterator[Step]
    _before: torch.Tensor | None

    def set_timesteps(self, num_inference_steps: int) -> None:
        """Begin anew."""
        import torch

        self._steps, self._before = iter(steps_of(num_inference_steps)), None
        self.timesteps = torch.tensor([step.time for step in steps_of(num_inference_steps)])

    def step(self, velocity: torch.Tensor, time: torch.Tensor, latent: torch.Tensor) -> Any:
        """Take some noise away."""
        step = next(self._steps)
        clean = step.clean(latent, velocity)
        made, self._before = step.next(latent, clean, self._before), clean
        return type("Made", (), {"prev_sample": made})


class AsItIs:
    """In the place of a processor of scores that the authors' own loop does not have.

    The library guides not only what is drawn, but also the choice of the next token, as it does for models of text.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        pass

    def __call__(self, tokens: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """The scores."""
        return scores
