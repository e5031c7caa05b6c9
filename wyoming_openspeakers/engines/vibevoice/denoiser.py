"""Makes a frame of sound from noise, as a language model has thought: the diffusion head of a VibeVoice, guided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..torch.dpm_solver import steps_of

if TYPE_CHECKING:
    import torch


class Denoiser:
    """The head for so many steps.

    What its layers make of the thoughts depends on the step and not on the sample: it is worked out for all steps of a
    frame at once, so that the weights for it are read once, and the times for all frames. Nothing waits for the device.
    """

    def __init__(self, head: Any, steps: int) -> None:
        import torch

        self._head = head
        self._steps = steps_of(steps)
        place = head.noisy_images_proj.weight
        # In the type of the weights, as in training: in 16 bits the times are rounded.
        times = torch.tensor([step.time for step in self._steps], device=place.device).to(place.dtype)
        self.times: torch.Tensor = head.timestep_proj(head.timestep_embedding(times).to(place.dtype))[:, None]
        """What the head is told of the time of each step."""

    def latent(self, thoughts: torch.Tensor, noise: torch.Tensor, guidance: torch.Tensor) -> torch.Tensor:
        """What becomes of noise (1, numbers), led towards the first of two thoughts and away from the second."""
        import torch

        head, last = self._head, self._head.final_layer
        whole = last.act_fn(head.cond_proj(thoughts) + self.times)
        changes = [layer.linear(whole).chunk(3, dim=-1) for layer in head.layers]
        shifts, scales = last.linear_1(whole).chunk(2, dim=-1)
        sample, before = noise, None
        for number, step in enumerate(self._steps):
            x = head.noisy_images_proj(sample.to(thoughts.dtype)).expand_as(thoughts)
            for layer, (shift, scale, gate) in zip(head.layers, changes, strict=True):
                x = x + gate[number] * layer.ffn(layer.norm(x) * (1 + scale[number]) + shift[number])
            x = torch.nn.functional.rms_norm(x, x.shape[-1:], eps=last.rms_norm_eps)
            towards, away = last.linear_2(x * (1 + scales[number]) + shifts[number]).float().split(1)
            clean = step.clean(sample, away + guidance * (towards - away))
            sample, before = step.next(sample, clean, before), clean
        return sample
