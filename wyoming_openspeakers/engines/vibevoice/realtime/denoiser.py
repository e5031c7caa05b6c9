"""Makes a frame of sound from noise, as the upper layers say: VibeVoice's diffusion head, guided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...torch.dpm_solver import steps_of

if TYPE_CHECKING:
    import torch


class Denoiser:
    """The head for so many steps.

    What its layers make of their conditions does not depend on the sample: it is worked out for all steps of a frame at
    once, and the times for all frames.
    """

    def __init__(self, head: Any, steps: int) -> None:
        import torch

        self._head = head
        self._steps = steps_of(steps)
        place = head.noisy_images_proj.weight
        times = torch.tensor([step.time for step in self._steps], device=place.device).to(place.dtype)
        self._times = head.timestep_proj(head.timestep_embedding(times).to(place.dtype))[:, None]

    def latent(self, conditions: torch.Tensor, noise: torch.Tensor, guidance: torch.Tensor) -> torch.Tensor:
        """A frame, led towards the first of two conditions and away from the second."""
        import torch

        head, last = self._head, self._head.final_layer
        whole = last.act_fn(head.cond_proj(conditions) + self._times)
        changes = [layer.linear(whole).chunk(3, dim=-1) for layer in head.layers]
        shifts, scales = last.linear_1(whole).chunk(2, dim=-1)
        sample, before = noise, None
        for number, step in enumerate(self._steps):
            x = head.noisy_images_proj(sample.to(conditions.dtype)).expand_as(conditions)
            for layer, (shift, scale, gate) in zip(head.layers, changes, strict=True):
                x = x + gate[number] * layer.ffn(layer.norm(x) * (1 + scale[number]) + shift[number])
            x = torch.nn.functional.rms_norm(x, x.shape[-1:], eps=last.rms_norm_eps)
            towards, away = last.linear_2(x * (1 + scales[number]) + shifts[number]).float().split(1)
            clean = step.clean(sample, away + guidance * (towards - away))
            sample, before = step.next(sample, clean, before), clean
        return sample.to(conditions.dtype)
