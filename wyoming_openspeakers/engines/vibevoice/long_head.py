"""Draws the latent of a frame from noise, guided by what the language model has thought.

What a step does to the network depends on the step and on the thought, not on the latent: it is computed for all steps
at once, so that the weights for it are read once a frame and not once a step. Nothing waits for the device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..torch.dpm_solver import Step

if TYPE_CHECKING:
    import torch

    Modulation = tuple[torch.Tensor, ...]


class LatentHead:
    """The diffusion head of a VibeVoice."""

    def __init__(self, head: Any) -> None:
        self._head = head
        weight = head.noisy_images_proj.weight
        self.size = int(weight.shape[1])
        """Numbers in a latent."""
        self._dtype = weight.dtype

    def times(self, steps: tuple[Step, ...]) -> torch.Tensor:
        """What the network is told of the times of all steps; the same for all frames."""
        import torch

        head = self._head
        device = head.noisy_images_proj.weight.device
        # In the type of the weights, as in training: in 16 bits the times are rounded.
        times = torch.tensor([float(step.time) for step in steps], device=device).to(self._dtype)
        told: torch.Tensor = head.timestep_proj(head.timestep_embedding(times).to(self._dtype))
        return told

    def draw(
        self,
        thoughts: torch.Tensor,
        noise: torch.Tensor,
        steps: tuple[Step, ...],
        times: torch.Tensor,
        guidance: torch.Tensor,
    ) -> torch.Tensor:
        """The latent that becomes of noise; of the two thoughts the first knows the text, the second does not."""
        head = self._head
        condition = head.cond_proj(thoughts) + times[:, None]
        layers = [self._modulation(layer.linear, layer, condition) for layer in head.layers]
        last = self._modulation(head.final_layer.linear_1, head.final_layer, condition)
        latent = noise[None].float()
        before: torch.Tensor | None = None
        for number, step in enumerate(steps):
            velocity = self._velocity(latent, number, layers, last)
            clean = step.clean(latent, velocity[1:] + guidance * (velocity[:1] - velocity[1:]))
            latent, before = step.next(latent, clean, before), clean
        return latent

    def _velocity(self, latent: torch.Tensor, step: int, layers: list[Modulation], last: Modulation) -> torch.Tensor:
        import torch

        head = self._head
        x = head.noisy_images_proj(latent.to(self._dtype))
        for layer, (shift, scale, gate) in zip(head.layers, layers, strict=True):
            x = x + gate[step] * layer.ffn(layer.norm(x) * (1 + scale[step]) + shift[step])
        shift, scale = last
        final = head.final_layer
        x = torch.nn.functional.rms_norm(x, (x.shape[-1],), eps=final.rms_norm_eps)
        velocity: torch.Tensor = final.linear_2(x * (1 + scale[step]) + shift[step])
        return velocity.float()

    @staticmethod
    def _modulation(linear: Any, owner: Any, condition: torch.Tensor) -> Modulation:
        """What a layer adds and multiplies with, at each step and for both thoughts."""
        parts: Modulation = linear(owner.act_fn(condition)).chunk(owner.num_chunks, dim=-1)
        return parts
