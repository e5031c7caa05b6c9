"""Pocket-TTS' flow head: makes a frame of chance and of the transformer's state, on a GPU as one captured graph."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ..torch.graphs import Graphs

if TYPE_CHECKING:
    import torch


class FlowHead:
    """What the library's `sample_latent` does, in a third of its steps of the device.

    What depends on how many flow steps there are alone is computed once.
    """

    def __init__(self, model: Any, graphs: Graphs) -> None:
        """Take the whole model of the library."""
        self._head = model.flow_head
        self._is_drifting = model.config.flow_head_config.flow_type == "drifting"
        self._graphs = graphs
        self._times: dict[int, torch.Tensor] = {}
        """What the times of each of so many steps add to the state."""
        self._places: tuple[torch.Tensor, torch.Tensor, torch.Tensor] | None = None

    def latent(self, state: torch.Tensor, noise: torch.Tensor, steps: int) -> torch.Tensor:
        """The frame (1, n) that so many flow steps make of noise (1, n); good until the next."""
        import torch

        if steps not in self._times and not self._is_drifting:
            self._times[steps] = self._time(steps, noise)
        if not self._graphs.are_used:
            return self._flow(state, noise, steps)
        if self._places is None:
            self._places = (torch.empty_like(state), torch.empty_like(noise), torch.empty_like(noise))
        places = self._places
        places[0].copy_(state)
        places[1].copy_(noise)
        self._graphs.run(("head", steps), partial(self._flow_in_place, places, steps))
        return places[2]

    def rest(self) -> None:
        """Give back what can be made again: nothing is said for a while, or the weights move."""
        self._graphs.drop()
        self._times.clear()
        self._places = None

    def _flow_in_place(self, places: tuple[torch.Tensor, ...], steps: int) -> None:
        state, noise, latent = places
        latent.copy_(self._flow(state, noise, steps))

    def _flow(self, state: torch.Tensor, latent: torch.Tensor, steps: int) -> torch.Tensor:
        condition = self._head.cond_proj(state)
        if self._is_drifting:
            return self._through(latent, condition)
        for time in self._times[steps]:
            latent = latent + self._through(latent, condition + time) / steps
        return latent

    def _time(self, steps: int, like: torch.Tensor) -> torch.Tensor:
        import torch

        times = torch.arange(steps + 1, dtype=like.dtype, device=like.device)[:, None] / steps
        begin, end = self._head.timestep_embeddings
        return (begin(times[:-1]) + end(times[1:])) / 2

    def _through(self, x: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        import torch

        head, final = self._head, self._head.final_layer
        condition = final.act_fn(condition)
        x = head.input_proj(x)
        for layer in head.layers:
            shift, scale, gate = layer.adaln_proj(condition).chunk(3, dim=-1)
            mixed = torch.addcmul(shift, _normed(x, layer.norm), 1 + scale)
            x = torch.addcmul(x, gate, layer.fc2(layer.act_fn(layer.fc1(mixed))))
        shift, scale = final.adaln_proj(condition).chunk(2, dim=-1)
        after: torch.Tensor = final.proj(torch.addcmul(shift, _normed(x, final.norm), 1 + scale))
        return after


def _normed(x: torch.Tensor, norm: Any) -> torch.Tensor:
    """At once what the library does in steps, for those who train."""
    from torch.nn import functional

    return functional.layer_norm(x, norm.normalized_shape, norm.weight, norm.bias, norm.eps)
